// Reads cases as JSON and tells, for each, whether @sigstore/verify accepts it.
// The folder of the package comes first on the command line.
const { createPublicKey } = require("node:crypto");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");

const folder = join(process.argv[2], "dist", "tlog");
const { verifyMerkleInclusion } = require(join(folder, "merkle.js"));
const { verifyCheckpoint } = require(join(folder, "checkpoint.js"));

const asked = JSON.parse(readFileSync(0, "utf-8"));
const bytes = (text) => Buffer.from(text, "base64");

const accepts = (check) => {
  try {
    return check() !== false;
  } catch {
    return false;
  }
};

const [name, id, ...rest] = asked.vkey.split("+");
const material = rest.join("+"); // base64 has plus signs of its own
const spki = Buffer.concat([Buffer.from("302a300506032b6570032100", "hex"), bytes(material).subarray(1)]);
const tlog = {
  baseURL: name,
  logID: Buffer.from(id, "hex"),
  publicKey: createPublicKey({ key: spki, format: "der", type: "spki" }),
};

const told = [
  ...asked.notes.map((note) =>
    accepts(() => {
      const envelope = bytes(note).toString("utf-8");
      verifyCheckpoint({ inclusionProof: { checkpoint: { envelope } } }, [tlog]);
    }),
  ),
  ...asked.inclusions.map(({ entry, root, index, size, path }) =>
    accepts(() =>
      verifyMerkleInclusion(
        { canonicalizedBody: bytes(entry), inclusionProof: { logIndex: index, hashes: path.map(bytes) } },
        { logSize: size, logHash: bytes(root) },
      ),
    ),
  ),
];
console.log(JSON.stringify(told));
