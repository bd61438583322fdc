#!/bin/sh
# Every tool in the folder above is a link to this file, which starts lib/<name of the tool>.ts with the repository's
# own Node. The product runs tools with a fixed PATH, on which there may be no Node or an old one.
name=${0##*/}
self=$0
while [ -L "$self" ]; do
  target=$(readlink "$self")
  case $target in
    /*) self=$target ;;
    *) self=${self%/*}/$target ;;
  esac
done
lib=${self%/*}
modules=$lib/../../../node_modules
node=$modules/.bin/node
[ -x "$node" ] || node=node
# Compiled sources are kept: these tools are started by the thousand. Other users than who installed keep their own.
compiled=$modules/.cache/macos-tools
[ -w "$modules" ] || compiled=${TMPDIR:-/tmp}/macos-tools-compiled-$(id -u)
MACOS_TOOLS_FOLDER=${0%/*} NODE_COMPILE_CACHE=$compiled \
  exec "$node" --disable-warning=ExperimentalWarning "$lib/$name.ts" "$@"
