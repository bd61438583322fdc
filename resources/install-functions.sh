# provisional
tool() {
  tool_name=$1; shift
  if [ -n "$TOOLS" ]; then LC_ALL=C "$TOOLS/$tool_name" "$@"; else
  case $tool_name in ps) LC_ALL=C /bin/ps "$@";; *) LC_ALL=C "/usr/bin/$tool_name" "$@";; esac; fi
}
start_of() { tool ps -o lstart= -p "$1" 2>/dev/null | head -n 1; }
is_running() { kill -0 "$1" 2>/dev/null && [ "$(start_of "$1")" = "$2" ]; }
wait_for_end() { n=0; while is_running "$1" "$2"; do n=$((n+1)); [ "$n" -lt "$3" ] || return 1; sleep "$TICK"; done; return 0; }
pids_from_target() { tool ps -axww -o pid=,comm= | while read -r pid comm; do case $comm in "$TARGET/Contents/MacOS/"*) echo "$pid";; esac; done; }
launch() { if [ -n "$RUN_AS" ]; then tool launchctl asuser "$RUN_AS" "$TOOLS/sudo" -n -u "#$RUN_AS" "$TOOLS/open" "$TARGET"; else tool open "$TARGET"; fi; }
watch_new_version() { n=0; while [ ! -e "$NOTES/$ID.confirmed" ]; do n=$((n+1)); [ $n -lt 200 ] || return 2; sleep "$TICK"; done; return 0; }
exchange_directories() { [ "$(tool osascript -l JavaScript -e 'ObjC.bindFunction("renamex_np",["int",["char *","char *","unsigned int"]]);ObjC.bindFunction("__error",["int *",[]]);function run(argv){return $.renamex_np(argv[0],argv[1],2)===0?"done":String($.__error()[0])}' "$1" "$2")" = done ]; }
