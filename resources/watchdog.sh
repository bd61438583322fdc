# The watchdog (DESIGN.md section 6, step 6). Started before the exchange, detached, from a copy of its own: it waits
# for the old process, opens what is in place, and takes the new version back when it dies unasked twice. The text of
# install-functions.sh stands before this one. Told by variables, besides those of the functions:
#   OLD_PID, OLD_START   the process that does the exchange, and when it started
#   OLD_INODE            inode of the app that the new version displaces
#   EXCHANGER            name of the displaced app's program, where it understands --updater-exchange; else empty
#   OLD_PACE             seconds between two looks at that process, which may run for days yet; empty where it is about
#                        to end
#   SELF                 this copy

set -u
umask 077

end() {
  trap '' TERM HUP INT
  tool rm -f "$SELF" "$NOTES/$ID".*.quit
  exit 0
}

# Two renames that were cut off between the first and the second leave nothing at the target.
complete_exchange() {
  [ ! -e "$TARGET" ] && [ ! -L "$TARGET" ] || return 0
  aside=$(find_aside "$NEW_INODE") || aside=$(find_aside "$OLD_INODE") || return 1
  tool mv "$aside" "$TARGET"
}

find_aside() { # INODE
  for candidate in "$FOLDER/old" "$FOLDER/new"; do
    [ "$(inode_of "$candidate")" = "$1" ] || continue
    printf %s "$candidate"
    return 0
  done
  return 1
}

# The displaced app takes its place again: by its own program, which has the right to (App Management, macOS 13), or
# by osascript. Root runs no program of a user's.
take_back() {
  aside=$(find_aside "$OLD_INODE") || return 1
  if [ -n "$EXCHANGER" ] && [ -z "${RUN_AS:-}" ] && [ -x "$aside/Contents/MacOS/$EXCHANGER" ]; then
    tries=0
    while run_displaced_app; [ "$run_status" = 75 ] && [ "$tries" -lt 60 ]; do
      tries=$((tries + 1))
      rest 1
    done
    # 3: it is not to be taken back any more. 75: another install is busy with it.
    case $run_status in 3 | 75) return 1 ;; esac
  fi
  if [ "$(inode_of "$TARGET")" = "$NEW_INODE" ]; then
    aside=$(find_aside "$OLD_INODE") && exchange_directories "$TARGET" "$aside"
  elif [ ! -e "$TARGET" ] && [ ! -L "$TARGET" ]; then
    aside=$(find_aside "$OLD_INODE") && tool mv "$aside" "$TARGET"
  fi
  [ "$(inode_of "$TARGET")" = "$OLD_INODE" ] || return 1
  journal_has undone || write_journal undone ',"reason":"failed-starts"'
}

run_displaced_app() {
  /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME="${HOME:-/}" USER="${USER:-}" LOGNAME="${USER:-}" \
    TMPDIR="${TMPDIR:-/tmp}" "$aside/Contents/MacOS/$EXCHANGER" --updater-exchange "$JOURNAL" < /dev/null &
  runner=$!
  (
    rest "${EXCHANGE_TICKS:-120}"
    kill -KILL "$runner"
  ) &
  timer=$!
  wait "$runner"
  run_status=$?
  kill "$timer"
  wait "$timer"
}

# At log-out and shutdown the app ends too, and that is no death.
trap end TERM HUP INT
FOLDER=${JOURNAL%.journal}
TARGET_IN_PS=$(in_ps_notation "$TARGET")
EARLIER=$(pids_from_target)
echo watching
exec > /dev/null 2>&1

if [ -n "${OLD_PACE:-}" ]; then
  wait_long_for_end "$OLD_PID" "$OLD_START" "$OLD_PACE"
else
  wait_for_end "$OLD_PID" "$OLD_START" "${OLD_TICKS:-600}" || end
fi
complete_exchange
[ "${RELAUNCHES:-}" != 1 ] || launch
[ "$(inode_of "$TARGET")" = "$NEW_INODE" ] || end
watch_new_version
[ "$?" != 1 ] || ! take_back || launch
end
