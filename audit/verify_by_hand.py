"""How can somebody check a bundle who does not trust our programs? The text of VERIFY.md."""

from __future__ import annotations

TEXT = """\
# Checking this bundle

You need one thing that is not in it: the log's public key (a line `log <vkey>`), and those of the
witnesses, from somebody other than whoever handed you this bundle. The file `policy` in here is a
convenience only: whoever can forge a bundle can forge that file.

## With the program it came from

    python -m audit verify BUNDLE --policy YOUR-POLICY

It needs no database and no network, lists every fault by name and file, and ends with 0 (nothing
wrong), 1 (something is wrong) or 2 (it could not be read).

## With tools that are not ours

Unpack (`unzip BUNDLE -d bundle`) and go there. Nothing below uses our programs.

1. **The signature on the head.** A vkey is `name+id+base64`; the base64 holds one byte of kind and the
   32 bytes of an Ed25519 key. `checkpoint` is a C2SP signed note: text, empty line, signature lines.

       VKEY=<the log's vkey, from your own source>
       printf '%s' "$VKEY" | cut -d+ -f3- | base64 -d | tail -c 32 > key.raw
       (printf '\\060\\052\\060\\005\\006\\003\\053\\145\\160\\003\\041\\000'; cat key.raw) > key.der
       sed '/^$/,$d' checkpoint > head.txt
       sed -n '/^$/,$p' checkpoint | sed -n 2p | awk '{print $3}' | base64 -d | tail -c 64 > head.sig
       openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in head.txt -sigfile head.sig

2. **The files beside the log.** `contents.json` states length and SHA-256 of each. Its own SHA-256 stands in
   the field `contents` of the entry whose index `bundle.json` names under `export`.

       sha256sum contents.json policy VERIFY.md

3. **The log.** When there is a folder `tile`, this directory is a C2SP tlog-tiles log; serve it to any client
   or checker of such logs:

       python3 -m http.server --bind 127.0.0.1 8000

   (`python -m audit serve BUNDLE` does the same from the archive.)

   When there is a folder `entries`, each entry has a `.tlog-proof` beside it (C2SP tlog-proof), which any
   client of such logs verifies. A leaf is SHA-256(0x00, entry), a node SHA-256(0x01, left, right)
   (RFC 6962, section 2.1):

       (printf '\\000'; cat entries/0) | sha256sum

4. **Opened fields.** `disclosures.json`, when it is there, gives for each an index, a name, a key and a value. The
   entry's commitment under that name is SHA-256(key, value in canonical JSON):

       (printf '%s' KEY | xxd -r -p; printf '%s' VALUE) | sha256sum

   `hedui replay BUNDLE` reaches each disclosed decision again, under the pack and the rules that its entry names.

5. **The sample.** `sample.json` names its seed. Rivest's sampler.py, or any other implementation of it, draws
   the same numbers: SHA-256 of seed, comma, counter, modulo the population, repeats passed over.
"""
