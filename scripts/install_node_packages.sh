#!/bin/sh
# Installs the Node packages of the tests as locked, the vendor's SDK and an OpenID provider; does nothing when nothing
# changed.
set -eu
cd "$(dirname "$0")/.."

stamp=node_modules/.installed-package-lock.json
for folder in tests/story/node tests/console/oidc_provider; do
    cmp -s "$folder/package-lock.json" "$folder/$stamp" && continue
    echo "installing package-lock.json into $folder/node_modules"
    (cd "$folder" && npm ci --silent --no-audit --no-fund --no-update-notifier && cp package-lock.json "$stamp")
done
