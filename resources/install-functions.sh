# Functions of the watchdog and of the root script: POSIX sh, nothing happens when this is read. Told by variables:
#   TOOLS   empty: Apple's tools; else a folder that holds them all
#   TICK    seconds of one tick; time is counted in ticks, so it is awake time, and a clock that is set does not matter
#   TARGET  absolute real path of the app
#   JOURNAL, ID, NOTES   the journal, the id in its name, and the folder where the app leaves notes for it
#   RUN_AS  empty: the app is opened as who runs this; else the number of the user that it is opened for
#   RELAUNCHES   1: the app is opened; else it is only watched when somebody starts it
#   EARLIER      processes that ran from the target before the exchange, as pids_from_target prints them
#   NEW_INODE    inode of the new version at the target; empty where that is not looked at

# Runs a tool by its absolute path, with nothing inherited that could change what it does or how it speaks. In UTC,
# since a start time is compared as text, and people travel.
tool() { # NAME ARGUMENT...
  find_tool "$1"
  shift
  /usr/bin/env -i LC_ALL=C TZ=UTC PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME="${HOME:-/}" USER="${USER:-}" \
    TMPDIR="${TMPDIR:-/tmp}" "$tool_path" "$@"
}

# Sets tool_path. What only Apple has is never looked for elsewhere when a folder was named.
find_tool() { # NAME
  if [ -n "${TOOLS:-}" ]; then
    tool_path=$TOOLS/$1
    [ -x "$tool_path" ] && return 0
    case $1 in
      arch | codesign | ditto | gktool | hdiutil | installer | launchctl | open | osascript | pkgutil | plutil | ps | \
        spctl | stat | sudo | sw_vers | sync | sysctl | xattr) return 0 ;;
    esac
  fi
  for tool_folder in /usr/bin /bin /usr/sbin /sbin; do
    tool_path=$tool_folder/$1
    [ -x "$tool_path" ] && return 0
  done
}

rest() { # TICKS
  rest_left=$1
  while [ "$rest_left" -gt 0 ]; do
    tool sleep "${TICK:-1}"
    rest_left=$((rest_left - 1))
  done
}

# Adds one line as src/install/journal.ts reads it. A line that somebody did not finish is ended first.
write_journal() { # STEP [,"MEMBER":VALUE...]
  [ -f "$JOURNAL" ] && [ ! -L "$JOURNAL" ] || return 1
  journal_at=$(tool date -u +%Y-%m-%dT%H:%M:%SZ) || return 1
  journal_line="{\"step\":\"$1\",\"at\":\"$journal_at\"${2:-}}"
  case $(tool tail -c 1 "$JOURNAL"; printf x) in
    '
x') ;;
    *) journal_line="
$journal_line" ;;
  esac
  printf '%s\n' "$journal_line" >> "$JOURNAL" || return 1
  tool sync
}

journal_has() { # STEP
  while IFS= read -r journal_line; do
    case $journal_line in "{\"step\":\"$1\","*) return 0 ;; esac
  done < "$JOURNAL"
  return 1
}

# Whether a process still runs: the one that started then, since numbers are given out again. When ps cannot tell,
# it runs.
is_running() { # PID STARTED_AT
  running_answer=$(tool ps -p "$1" -o stat= -o lstart= 2>/dev/null)
  case $? in
    0) ;;
    1) return 1 ;;
    *) return 0 ;;
  esac
  running_start=$(one_line $2)
  case $(one_line $running_answer) in
    Z*) return 1 ;;
    *" $running_start") return 0 ;;
    *) return 1 ;;
  esac
}

# The words, with one blank between them: ps pads its columns.
one_line() {
  printf %s "$*"
}

# Waits for the end of a process, at most so many ticks. Fails when it still runs then.
wait_for_end() { # PID STARTED_AT TICKS
  wait_left=$3
  while is_running "$1" "$2"; do
    [ "$wait_left" -gt 0 ] || return 1
    rest 1
    wait_left=$((wait_left - 1))
  done
}

# The same for days: without a limit, and with few looks.
wait_long_for_end() { # PID STARTED_AT SECONDS_BETWEEN_LOOKS
  while is_running "$1" "$2"; do
    tool sleep "$3"
  done
}

# A path as ps(1) of macOS prints it in the C locale: strvis(3) with VIS_TAB, VIS_NL and VIS_NOSLASH (adv_cmds,
# ps/print.c). So a newline is \012, and a byte of a letter that is not ASCII is M- and its low seven bits.
in_ps_notation() { # TEXT
  notation_format=
  for notation_byte in $(printf %s "$1" | tool od -An -v -t u1); do
    case $notation_byte in
      9) notation_format="$notation_format\\134011" && continue ;;
      10) notation_format="$notation_format\\134012" && continue ;;
      160) notation_format="$notation_format\\134240" && continue ;;
    esac
    if [ "$notation_byte" -ge 128 ]; then
      notation_byte=$((notation_byte - 128))
      notation_format=${notation_format}M
      [ "$notation_byte" -lt 32 ] || [ "$notation_byte" = 127 ] || notation_format=$notation_format-
    fi
    if [ "$notation_byte" -lt 32 ] || [ "$notation_byte" = 127 ]; then
      notation_format=$notation_format^
      notation_byte=$((notation_byte < 32 ? notation_byte + 64 : 63))
    fi
    notation_format="$notation_format\\$((notation_byte / 64))$((notation_byte / 8 % 8))$((notation_byte % 8))"
  done
  printf "$notation_format"
}

# Processes of one user, or of all, whose program lies in the bundle's Contents/MacOS: one line PID@START for each.
# Helpers, which end with their app, lie elsewhere. Fails when ps cannot tell.
pids_from_target() ( # [UID]
  set -f
  listing=$(tool ps -axww -o pid=,uid=,lstart=,comm= 2>/dev/null) && [ -n "$listing" ] || exit 1
  programs=${TARGET_IN_PS:-$(in_ps_notation "$TARGET")}/Contents/MacOS/
  IFS='
'
  for line in $listing; do
    case $line in *" $programs"*) ;; *) continue ;; esac
    words=0
    remainder=$line
    found=
    while [ "$words" -lt 7 ]; do
      remainder=${remainder#"${remainder%%[! ]*}"}
      word=${remainder%% *}
      remainder=${remainder#"$word"}
      words=$((words + 1))
      case $words in
        1) found=$word ;;
        2) owner=$word ;;
        3) found=$found@$word ;;
        *) found=${found}_$word ;;
      esac
    done
    remainder=${remainder#"${remainder%%[! ]*}"}
    case $remainder in "$programs"*) ;; *) continue ;; esac
    [ -z "${1:-}" ] || [ "$owner" = "$1" ] || continue
    printf '%s\n' "$found"
  done
)

# Opens what lies at the target. One that runs already, started by hand meanwhile, only comes to the front. Fails when
# the app could not be opened. Sets AWAITED, the ticks within which a process has to show itself, and LAUNCH_FAILED
# where the app is to blame.
launch() {
  AWAITED=0
  LAUNCH_FAILED=
  launch_tries=0
  while [ "$launch_tries" -lt 10 ]; do
    if launch_answer=$(open_target 2>&1); then
      AWAITED=${APPEAR_TICKS:-30}
      return 0
    fi
    case $launch_answer in
      # The old process is still on its way out, nobody is logged in, or the session is not to be reached: recorded in
      # open__ls-error-600, -1712 and -54, and open__proc-not-found. None of it tells anything about the app.
      *' error -600'* | *' error -1712'* | *' error -54'* | *'Code=-600 '*) ;;
      *)
        LAUNCH_FAILED=1
        return 1
        ;;
    esac
    launch_tries=$((launch_tries + 1))
    rest 1
  done
  return 1
}

# open(1) hands its environment on to the app, so it gets none of ours; sudo(8) makes a fresh one. It never asks: the
# real user of what an administrator allowed may be root or the one who runs the app, and neither needs a password.
open_target() {
  if [ -n "${RUN_AS:-}" ]; then
    find_tool open && open_path=$tool_path
    find_tool sudo && sudo_path=$tool_path
    tool launchctl asuser "$RUN_AS" "$sudo_path" -n -u "#$RUN_AS" "$open_path" "$TARGET"
  else
    find_tool open
    /usr/bin/env -i PATH=/usr/bin:/bin:/usr/sbin:/sbin HOME="${HOME:-/}" USER="${USER:-}" LOGNAME="${USER:-}" \
      TMPDIR="${TMPDIR:-/tmp}" "$tool_path" "$TARGET"
  fi
}

# Watches what runs from the target, whoever started it, after `launch` where it was called.
#   0  confirmed
#   1  died unasked twice, and nothing runs
#   2  still there, or quit, when the time was over
#   3  there is nothing to watch any more: taken back, or replaced by a further update
watch_new_version() {
  watch_user=${RUN_AS:-$(tool id -u)}
  watch_known=
  watch_deaths=0
  watch_ticks=0
  watch_sees=
  # Only what is printable ASCII is sure to come out of ps as it went in.
  case $TARGET in *[!\ -~]*) ;; *) watch_sees=1 ;; esac
  [ -z "${EARLIER:-}" ] || watch_sees=1
  while [ "$watch_ticks" -lt "${WATCH_TICKS:-3600}" ]; do
    is_settled && return "$settled_as"
    if watch_running=$(pids_from_target "$watch_user"); then
      watch_event=
      look_at_processes
      if [ -n "$watch_event" ]; then
        count_death
        watch_outcome=$?
        [ "$watch_outcome" = 4 ] || return "$watch_outcome"
      fi
    fi
    # Who is up for a while is looked at less often.
    watch_pause=1
    [ "$watch_ticks" -lt 120 ] || [ "${AWAITED:-0}" -gt 0 ] || watch_pause=5
    rest "$watch_pause"
    watch_ticks=$((watch_ticks + watch_pause))
  done
  return 2
}

# Compares what runs with what ran. Sets watch_event when something may have died, and watch_gone to what has gone.
look_at_processes() {
  watch_running=$(one_line $watch_running)
  watch_gone=
  watch_left=
  for process in $watch_running; do
    is_in "$process" "${EARLIER:-}" && continue
    AWAITED=0
    watch_sees=1
    is_in "$process" "$watch_known" || watch_known="$watch_known $process"
  done
  for process in $watch_known; do
    if is_in "$process" "$watch_running"; then watch_left="$watch_left $process"
    else watch_gone="$watch_gone $process"; fi
  done
  # While another process of the app is up, the end of one is no death: a second start that handed over to the first.
  watch_known=$watch_left
  if [ -n "${LAUNCH_FAILED:-}" ]; then
    LAUNCH_FAILED=
    watch_event=1
  elif [ -n "$watch_gone" ]; then
    [ -n "$watch_left" ] || watch_event=1
  elif [ "${AWAITED:-0}" -gt 0 ]; then
    AWAITED=$((AWAITED - 1))
    # An old process that is still up was brought to the front in its place.
    [ "$AWAITED" -gt 0 ] || [ -z "$watch_sees" ] || [ -n "$watch_running" ] || watch_event=1
  fi
}

# After a while, in which a clean quit is noted, a log-out ends this script too, and the app may be started again.
# 4: go on watching; else what watch_new_version says.
count_death() {
  grace_left=${GRACE_TICKS:-10}
  while [ "$grace_left" -gt 0 ]; do
    rest 1
    is_settled && return "$settled_as"
    grace_left=$((grace_left - 1))
  done
  for process in $watch_gone; do
    [ -e "$NOTES/$ID.${process%%@*}.quit" ] || continue
    tool rm -f "$NOTES/$ID.${process%%@*}.quit"
    return 4
  done
  [ -z "${NEW_INODE:-}" ] || [ "$(inode_of "$TARGET")" = "$NEW_INODE" ] || return 3
  watch_deaths=$((watch_deaths + 1))
  write_journal died
  # Of any user: nobody's app is exchanged for another while it runs.
  watch_running=$(pids_from_target) || return 4
  [ -z "$watch_running" ] || return 4
  [ "$watch_deaths" -lt 2 ] || return 1
  [ "${RELAUNCHES:-}" != 1 ] || launch
  return 4
}

is_settled() {
  settled_as=0
  [ ! -e "$NOTES/$ID.confirmed" ] || return 0
  [ -n "${JOURNAL:-}" ] || return 1
  settled_as=3
  [ -f "$JOURNAL" ] || return 0
  journal_has undone && return 0
  journal_has failed && return 0
  settled_as=0
  journal_has confirmed
}

is_in() { # WORD WORDS
  case " $(one_line $2) " in *" $1 "*) return 0 ;; esac
  return 1
}

inode_of() { # PATH
  inode_answer=$(tool ls -di "$1" 2>/dev/null) || return 1
  inode_answer=${inode_answer#"${inode_answer%%[! ]*}"}
  printf %s "${inode_answer%% *}"
}

# Exchanges two directories in one step; where the volume cannot, by two renames in the order that `recover` can
# finish. Fails with both where they were.
exchange_directories() { # TARGET PATH_OF_new_OR_old
  exchange_answer=$(tool osascript -l JavaScript -e '
    function run(argv) {
      // <sys/stdio.h>: RENAME_SWAP is 2.
      ObjC.bindFunction("renamex_np", ["int", ["char *", "char *", "unsigned int"]]);
      ObjC.bindFunction("__error", ["int *", []]);
      return $.renamex_np(argv[0], argv[1], 2) === 0 ? 0 : $.__error()[0];
    }' "$1" "$2" 2>/dev/null)
  # <sys/errno.h>: EINVAL, ENOTSUP, ENOSYS, EOPNOTSUPP. Anything else is a refusal.
  case $exchange_answer in
    0) return 0 ;;
    22 | 45 | 78 | 102) rename_twice "$1" "$2" ;;
    *) return 1 ;;
  esac
}

rename_twice() { # TARGET PATH_OF_new_OR_old
  case $2 in
    *new) rename_spare=${2%new}old ;;
    *) rename_spare=${2%old}new ;;
  esac
  [ ! -e "$rename_spare" ] && [ ! -L "$rename_spare" ] || return 1
  tool mv "$1" "$rename_spare" || return 1
  tool mv "$2" "$1" && return 0
  tool mv "$rename_spare" "$1"
  return 1
}
