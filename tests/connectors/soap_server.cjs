// A SOAP server that is not ours (npm `soap`), over rows in a file: node soap_server.cjs <wsdl> <rows.json>
// It prints its port and ends with standard input.
const fs = require("node:fs");
const http = require("node:http");
const soap = require("soap");

const [wsdl, rows] = process.argv.slice(2).map((path) => fs.readFileSync(path, "utf8"));
const { service, port, tables, account, password } = JSON.parse(rows);
const PAGE = 7;

function listed(value) {
  return value === undefined || value === null ? [] : Array.isArray(value) ? value : [value];
}

function page(row, found) {
  const part = found.slice(0, PAGE);
  // In the order of the WSDL's sequence.
  const next = found.length > PAGE ? { next: part[part.length - 1].lsh } : {};
  return { count: part.length, ...next, [row]: part };
}

const operations = {};
for (const [name, { row, rows }] of Object.entries(tables)) {
  operations[`Query${name}`] = (given) => {
    const ids = new Set(listed(given.id));
    const found = rows.filter((one) => ids.has(one[given.field]));
    return { count: found.length, [row]: found };
  };
  operations[`List${name}`] = (given) =>
    page(row, given?.after ? rows.filter((one) => one.lsh > given.after) : rows);
}

const server = http.createServer((_, response) => response.writeHead(404).end());
server.listen(0, "127.0.0.1", () => {
  const listening = soap.listen(server, "/service", { [service]: { [port]: operations } }, wsdl);
  if (account) {
    listening.authenticate = (security) =>
      security?.UsernameToken?.Username === account &&
      (security.UsernameToken.Password.$value ?? security.UsernameToken.Password) === password;
  }
  console.log(server.address().port);
});
process.stdin.on("end", () => process.exit(0)).resume();
