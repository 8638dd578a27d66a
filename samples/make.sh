#!/usr/bin/env bash
# The recipe of the sample images: samples/make.sh BUILDER, where BUILDER is the make_guest.py that the interop suite
# uses too. It makes Windows-like images of third-party tools only (mkntfs, ntfs-3g, hivex, binutils, qemu-img); they
# hold no byte of Microsoft's. Needs root for FUSE, and the tools that .ci/install-tools installs.
set -euo pipefail
builder=$(readlink -f "$1")
cd "$(dirname "$0")"

guest() {
  local name=$1
  shift
  rm -f "$name" "$name.br"
  python3 "$builder" --virtual-size 64M --files 6 --no-frag --cbs-packages 12 --block-size 1M \
    --kernel-kb 120 --pagefile-kb 16 --hiberfil-kb 16 --hostname "${name%%-*}" "$@" "$name"
  rm "$name.json"
  node -e '
    const { readFileSync, writeFileSync } = require("fs");
    const { brotliCompressSync, constants: c } = require("zlib");
    const bytes = readFileSync(process.argv[1]);
    const params = { [c.BROTLI_PARAM_LGWIN]: 24, [c.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(`${process.argv[1]}.br`, brotliCompressSync(bytes, { params }));
  ' "$name"
}

guest web01-2008r2.vhdx --os ws2008r2 --partition mbr --ic-version 6.2.9200.16433 --wu off --seed 11
guest app02-2012r2.vhdx --os ws2012r2 --partition gpt --ic-version 6.3.9600.19456 --wu wsus --seed 12
guest pc03-win10.vhdx --os win10 --partition gpt --seed 13
# Room for an installation: an update can be staged into it.
guest db04-2012.vhdx --os ws2012 --partition gpt --ic-version 6.2.9200.16384 --wu off --virtual-size 256M --seed 14
