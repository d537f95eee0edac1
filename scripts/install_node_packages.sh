#!/bin/sh
# Installs the vendor's Node SDK for the story tests as locked; does nothing when nothing changed.
set -eu
cd "$(dirname "$0")/../tests/story/node"

stamp=node_modules/.installed-package-lock.json
cmp -s package-lock.json "$stamp" && exit 0
echo "installing package-lock.json into tests/story/node/node_modules"
npm ci --silent --no-audit --no-fund --no-update-notifier
cp package-lock.json "$stamp"
