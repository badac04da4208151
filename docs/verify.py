#!/usr/bin/env python3
"""Verifies a proof, an answer certificate, or a signed checkpoint, of a log: python3 verify.py FILE VKEY [LEAF]

Python 3.8 or later and nothing else. It shares no code with the program; docs/PROOF.md says what each step is for.
"""
import base64, functools, hashlib, json, sys

P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P

def need(holds, what):
    if not holds: raise ValueError(what)

def unbase64(text):
    raw = base64.b64decode(text, validate=True)
    need(base64.b64encode(raw).decode() == text, "base64 has one spelling only")
    return raw

def number(text):
    need(text.isdecimal() and str(int(text)) == text, "not a number: " + text)
    return int(text)

def add(p, q):  # RFC 8032, 5.1.4: points as (X, Y, Z, T)
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % P, (p[1] + p[0]) * (q[1] + q[0]) % P
    c, d = 2 * p[3] * q[3] * D % P, 2 * p[2] * q[2] % P
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P

def times(n, p):
    sum = (0, 1, 1, 0)
    for bit in bin(n)[2:]:
        sum = add(sum, sum)
        if bit == "1": sum = add(sum, p)
    return sum

def point(raw):  # 5.1.3
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P: x = x * pow(2, (P - 1) // 4, P) % P
    need(y < P and (x * x - square) % P == 0 and (x or not sign), "not a point of the curve")
    return (x if x & 1 == sign else P - x), y, 1, (x if x & 1 == sign else P - x) * y % P

@functools.lru_cache(None)
def ed25519(public, text, signature):  # 5.1.7
    a, r, s = point(public), point(signature[:32]), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % ORDER
    left, right = times(s, point(bytes([0x58]) + bytes([0x66]) * 31)), add(r, times(h, a))
    same = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return len(signature) == 64 and s < ORDER and same

def node(left, right): return hashlib.sha256(b"\1" + left + right).digest()

def inclusion(leaf, index, size, hashes):  # RFC 9162, 2.1.3.2
    fn, sn, r = index, size - 1, hashlib.sha256(b"\0" + leaf).digest()
    need(index < size, "the entry is not below the size")
    for p in hashes:
        need(sn > 0, "too many hashes")
        if fn & 1 or fn == sn:
            r = node(p, r)
            while fn and not fn & 1: fn, sn = fn >> 1, sn >> 1
        else: r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "too few hashes")
    return r

def consistency(old, before, size, hashes):  # RFC 9162, 2.1.4.2
    need(0 < old <= size, "the earlier size is not between 1 and the size")
    if old == size:
        need(not hashes, "too many hashes")
        return before
    path = hashes if old & (old - 1) else [before] + hashes
    need(path, "too few hashes")
    fn, sn, fr, sr = old - 1, size - 1, path[0], path[0]
    while fn & 1: fn, sn = fn >> 1, sn >> 1
    for c in path[1:]:
        need(sn > 0, "too many hashes")
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn and not fn & 1: fn, sn = fn >> 1, sn >> 1
        else: sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0 and fr == before, "the hashes do not give the earlier root")
    return sr

def many(size, leaves, hashes):
    """The root of a tree of which some leaves are known, by their places, and the hashes of the parts between them."""
    rest = list(hashes)
    def join(first, size, places):
        if not places:
            need(rest, "too few hashes")
            return rest.pop(0)
        if size == 1: return leaves[first]
        left = 1 << (size - 1).bit_length() - 1
        before = join(first, left, [p for p in places if p < first + left])
        return node(before, join(first + left, size - left, [p for p in places if p >= first + left]))
    need(all(0 <= place < size for place in leaves), "a place is not below the size")
    root = join(0, size, sorted(leaves)) if size else hashlib.sha256(b"").digest()
    need(not rest, "too many hashes")
    return root

def member(name, size, root):  # a log, or a group of logs, in the tree above
    return hashlib.sha256(b"\0" + ("%s\n%d\n%s\n" % (name, size, base64.b64encode(root).decode())).encode()).digest()

def members(size, shown, hashes):  # shown: (place, name, size, root)
    names = [name.encode() for _, name, _, _ in shown]
    need(names == sorted(set(names)), "names are not in order")
    return many(size, {at: member(*rest) for at, *rest in shown}, [unbase64(h) for h in hashes])

def canonical(value): return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

def certificate(text, vkey):
    """All of a certificate but the answer: that follows from the entries by the rules among them."""
    content = json.loads(text)
    need(canonical(content) + "\n" == text, "the certificate is not in its one form")
    body = text[:text.rindex(',"sha256":"')].encode()
    need(hashlib.sha256(body).hexdigest() == content["sha256"], "the digest is not that of the certificate")
    origin, size, root, extensions = head(content["checkpoint"], vkey)
    leaves = {}
    for entry in content["entries"]:
        leaves[entry["index"]] = hashlib.sha256(b"\0" + canonical(entry["leaf"]).encode()).digest()
        need(unbase64(entry["hash"]) == leaves[entry["index"]], "entry %d does not have its hash" % entry["index"])
    need(many(size, leaves, [unbase64(h) for h in content["hashes"]]) == root, "the entries do not lead to the root")
    groups, filed = [], []
    for group in content["filed"]["groups"]:
        if "headings" not in group:
            groups.append((group["at"], group["name"], group["size"], unbase64(group["root"])))
            continue
        headings = []
        for heading in group["headings"]:
            if "entries" in heading:
                need(all(index in leaves for index in heading["entries"]), "an entry was left out")
                under = [leaves[index] for index in heading["entries"]]
                headings.append((heading["at"], heading["name"], len(under), many(len(under), dict(enumerate(under)), [])))
                filed.append("%s %s: %s" % (group["name"], heading["name"] or "alone", heading["entries"]))
            else: headings.append((heading["at"], heading["name"], heading["size"], unbase64(heading["root"])))
        root = members(group["size"], headings, group["hashes"])
        groups.append((group["at"], group["name"], group["size"], root))
    stated = [line.split(" ") for line in extensions if line.startswith("completeness ")]
    need(len(stated) == 1, "the checkpoint does not state one completeness map")
    root = members(number(stated[0][1]), groups, content["filed"]["hashes"])
    need(root == unbase64(stated[0][2]), "the groups do not lead to the root of the completeness map")
    return "these are all entries of the first %d of %s that are filed under\n%s\nThe answer that is to follow from them is\n%s" % (
        size, origin, "\n".join(filed), canonical(content["answer"]))

def parsed(note):
    need(note.count("\n\n") == 1 and note.endswith("\n"), "not a signed checkpoint")
    origin, size, root, *extensions = note.split("\n\n")[0].split("\n")
    need(all(extensions), "the checkpoint has an empty line")
    return origin, number(size), unbase64(root), extensions

def head(note, vkey):
    """A signed checkpoint: its name, size, root and extension lines; the key must have signed it."""
    name, hint, key = vkey.split("+", 2)
    marked = unbase64(key)
    need(len(marked) == 33 and marked[0] == 1, "not an Ed25519 key")
    need(hashlib.sha256(name.encode() + b"\n" + marked).hexdigest()[:8] == hint, "the key's hash is wrong")
    need(parsed(note)[0] == name, "the checkpoint is of another log")
    signed, lines = note.split("\n\n")
    of_key = []
    for line in lines[:-1].split("\n"):
        dash, signer, signature = line.split(" ")
        raw = unbase64(signature)
        need(dash == "\u2014", "not a signature")
        if signer == name and raw[:4].hex() == hint: of_key.append(raw[4:])
    need(len(of_key) == 1, "not one signature of this key")
    need(ed25519(marked[1:], (signed + "\n").encode(), of_key[0]), "the signature does not verify")
    return parsed(note)

def verify(text, vkey, leaf=None):
    """Says what is shown; raises ValueError with what is not."""
    if text.startswith("{"): return certificate(text, vkey)
    parts = text.split("\n\n")
    need(2 <= len(parts) <= 3, "not a proof, nor a signed checkpoint")
    note = "\n\n".join(parts[-2:])
    origin, size, root, _ = parsed(note)
    shown = "%s has %d entries" % (origin, size)
    if len(parts) == 3:
        kind, *lines = parts[0].split("\n")
        if kind == "c2sp.org/tlog-proof@v1":
            if lines and lines[0].startswith("extra "):
                held = unbase64(lines.pop(0)[6:])
                need(leaf is None or leaf == held, "the leaf given is not the one in the proof")
                leaf = held
            need(leaf is not None, "the proof does not hold its leaf: name a file with it")
            need(lines and lines[0].startswith("index "), "no index")
            index, hashes = number(lines[0][6:]), [unbase64(line) for line in lines[1:]]
            need(inclusion(leaf, index, size, hashes) == root, "the hashes do not lead to the root")
            shown = "entry %d is among the first %d of %s:\n%s" % (index, size, origin, leaf.decode(errors="replace"))
        else:
            need(kind == "chancery/tlog-consistency@v1" and lines and lines[0].count(" ") == 2, "no proof")
            word, old, before = lines[0].split(" ")
            old, before, hashes = number(old), unbase64(before), [unbase64(line) for line in lines[1:]]
            need(word == "old" and consistency(old, before, size, hashes) == root, "the hashes do not lead to the root")
            shown = "the first %d entries of %s begin with its first %d" % (size, origin, old)
        need(all(len(h) == 32 for h in hashes), "a hash is not 32 bytes")
    head(note, vkey)
    return shown

if __name__ == "__main__":
    if len(sys.argv) not in (3, 4): sys.exit(__doc__.strip())
    try:
        file, vkey, *more = sys.argv[1:]
        given = [open(path, "rb").read() for path in [file] + more]
        leaf = given[1][:-1] if more and given[1].endswith(b"\n") else given[1] if more else None
        shown = verify(given[0].decode(), vkey, leaf)
        if given[0].startswith(b"{"):
            print("verified, but for the answer:", shown)
            sys.exit("answer not checked: only chancery verify derives it from the entries")
        print("verified:", shown)
    except (ValueError, LookupError, TypeError) as error:
        sys.exit("not verified: %s" % error)
