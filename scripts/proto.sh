#!/bin/sh
# Turns src/wire/messages.proto into JavaScript and types: scripts/proto.sh [FOLDER], default src/wire/generated.
# protons writes TypeScript with enums and namespaces, which type stripping cannot run; hence two files.
set -eu
cd "$(dirname "$0")/.."
out=${1:-src/wire/generated}
PATH="$PWD/node_modules/.bin:$PATH"
# Inside the folder of protons, so that the types resolve of the very protons-runtime that it generates for.
tmp=$(mktemp -d node_modules/protons/.out-XXXXXX)
trap 'rm -rf "$tmp"' EXIT INT TERM

protons --strict src/wire/messages.proto -o "$tmp"
cat >"$tmp/tsconfig.json" <<'JSON'
{
  "compilerOptions": {
    "target": "ES2024", "module": "NodeNext", "moduleResolution": "NodeNext", "types": [],
    "strict": true, "declaration": true, "skipLibCheck": true, "outDir": "out", "rootDir": "."
  },
  "files": ["messages.ts"]
}
JSON
echo '{"type":"module"}' >"$tmp/package.json"
tsc -p "$tmp"

mkdir -p "$out"
for file in messages.js messages.d.ts; do
  { echo '// Generated from messages.proto by scripts/proto.sh: do not edit.'; cat "$tmp/out/$file"; } >"$out/$file"
done
