# What root does once an administrator has agreed (DESIGN.md section 6, "Authorization", and step 7). The text of
# install-functions.sh stands before this one, and both are handed over in the command itself: root reads no script
# from a place that others can write. Everything it is told is in the command too, as key=value.
#
# Who may write beside the target (an administrator's process, say) must not be able to make root install other bytes.
# So the update is copied to a place of root's own and hashed there, only that copy is used, and whatever lies beside
# the target is named from inside a folder of root's own: the kernel keeps a working directory whatever becomes of its
# name, and `..` is where that folder really lies.
#
# Exit status 10 with "nexy-updater: <code>: <sentence>" on stderr is a refusal with the target as it was. Otherwise the
# last line of stdout says what was done: `waiting` (all is staged, and a process in the background acts as soon as
# the app has ended), `exchanged`.

unset CDPATH ENV BASH_ENV IFS
umask 022

KIND='' USER_ID='' FILE='' SIZE='' SHA256='' TARGET='' STAGING='' JOURNAL_NAME='' PREFIX='' LOCK='' APP_NAME=''
REQUIREMENT='' GATEKEEPER='' BEGIN='' SHORT_VERSION='' BUNDLE_VERSION='' RECEIPTS='' OLD_PID='' OLD_START=''
RELAUNCHES='' NOTES='' ID='' TOOLS='' TICK=1 OLD_TICKS=600 PACKAGE_NAME='' TEMPORARY=/private/tmp
for argument; do
  case $argument in
    kind=*) KIND=${argument#*=} ;;
    user=*) USER_ID=${argument#*=} ;;
    file=*) FILE=${argument#*=} ;;
    size=*) SIZE=${argument#*=} ;;
    sha256=*) SHA256=${argument#*=} ;;
    target=*) TARGET=${argument#*=} ;;
    id=*) ID=${argument#*=} ;;
    prefix=*) PREFIX=${argument#*=} ;;
    staging=*) STAGING=${argument#*=} ;;
    journal=*) JOURNAL_NAME=${argument#*=} ;;
    lock=*) LOCK=${argument#*=} ;;
    app-name=*) APP_NAME=${argument#*=} ;;
    package-name=*) PACKAGE_NAME=${argument#*=} ;;
    requirement=*) REQUIREMENT=${argument#*=} ;;
    gatekeeper=*) GATEKEEPER=${argument#*=} ;;
    begin=*) BEGIN=${argument#*=} ;;
    short-version=*) SHORT_VERSION=${argument#*=} ;;
    bundle-version=*) BUNDLE_VERSION=${argument#*=} ;;
    receipt=*) RECEIPTS=$RECEIPTS${argument#*=}'
' ;;
    old-pid=*) OLD_PID=${argument#*=} ;;
    old-start=*) OLD_START=${argument#*=} ;;
    relaunches=*) RELAUNCHES=${argument#*=} ;;
    notes=*) NOTES=${argument#*=} ;;
    tools=*) TOOLS=${argument#*=} ;;
    tick=*) TICK=${argument#*=} ;;
    old-ticks=*) OLD_TICKS=${argument#*=} ;;
    *) echo "nexy-updater: usage: what is $argument?" >&2; exit 10 ;;
  esac
done
# Named from inside the staging folder.
JOURNAL=../$JOURNAL_NAME
PARENT=${TARGET%/*}
NAME=${TARGET##*/}
RUN_AS=$USER_ID
WORK=''
OWNS_STAGING=''
IS_IN_BACKGROUND=''
IS_BACK=''
OLD=''
NEW=''

# Ends with the target as it was. In the foreground the one who asked is told; later the journal tells at the next
# start, and what is in place is opened again.
give_up() { # CODE SENTENCE
  if [ -n "$IS_IN_BACKGROUND" ]; then
    write_journal failed ',"code":"'"$1"'"'
    clear_staging keeps-journal
    [ "$RELAUNCHES" != 1 ] || launch
  else
    printf 'nexy-updater: %s: %s\n' "$1" "$2" >&2
    clear_staging
  fi
  trap - EXIT
  exit 10
}

# Root alone makes the journal, and goes on writing to the file that it made, whatever lies under its name by then.
write_journal() { # STEP [MEMBERS]
  printf '{"step":"%s","at":"%s"%s}\n' "$1" "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "${2:-}" >&3 2>/dev/null &&
    tool sync
}

no_space() {
  give_up disk-full 'There is not enough free space to install the update.'
}

identity_of() { # PATH
  tool stat -f '%d %i' "$1" 2>/dev/null
}

as_members() { # NAME 'DEVICE INODE'
  printf ',"%s":{"device":"%s","inode":"%s"}' "$1" "${2%% *}" "${2##* }"
}

# Only what root made itself, and named from inside of it.
clear_staging() { # [keeps-journal]
  detach_images
  [ -n "$WORK" ] && rm -rf "$WORK"
  [ -n "$OWNS_STAGING" ] || return 0
  rm -rf ./new ./old ./owner
  rmdir "../$STAGING" 2>/dev/null
  [ "${1:-}" = keeps-journal ] || rm -f "../$JOURNAL_NAME"
}

detach_images() {
  [ -n "$WORK" ] || return 0
  for mount in "$WORK"/mounts/*; do
    [ -d "$mount" ] || continue
    for attempt in 1 2 3 4 5; do
      tool hdiutil detach "$mount" >/dev/null 2>&1 && break
      [ "$attempt" -lt 3 ] || tool hdiutil detach "$mount" -force >/dev/null 2>&1 && break
      sleep 1
    done
  done
}

check_arguments() {
  [ "$(id -u)" = 0 ] || give_up authorization-denied 'This was not started with the rights of an administrator.'
  case $ID in *[!0-9a-z]* | '') give_up usage 'The id is not one.' ;; esac
  case $SIZE in *[!0-9]* | '') give_up usage 'The size is not a number.' ;; esac
  case $USER_ID in *[!0-9]* | '') give_up usage 'The user is not a number.' ;; esac
  case $OLD_PID in *[!0-9]*) give_up usage 'The number of the process is not one.' ;; esac
  case $SHA256 in *[!0-9a-f]* | '') give_up usage 'The digest is not one.' ;; esac
  case $KIND in dmg | pkg) ;; *) give_up usage 'The kind is not known.' ;; esac
  case $TARGET in /*) ;; *) give_up usage 'The path of the app is not a whole one.' ;; esac
  for name in "$NAME" "$STAGING" "$JOURNAL_NAME" "$LOCK" "$PREFIX"; do
    case $name in '' | . | .. | */*) give_up usage 'A name is not one.' ;; esac
  done
  for name in "$APP_NAME" "$PACKAGE_NAME"; do
    case $name in . | .. | */*) give_up usage 'A name in the disk image is not one.' ;; esac
  done
  case $BEGIN in *'
'*) give_up usage 'The first line of the journal is not one line.' ;; esac
  [ -d "$TEMPORARY" ] || TEMPORARY=/tmp
}

# From here on the folder of the app is the working directory, so that it stays the same one.
enter_parent() {
  cd -P "${PARENT:-/}" 2>/dev/null && [ "$(pwd -P)" = "${PARENT:-/}" ] ||
    give_up app-not-found "The folder of $TARGET cannot be entered by this name."
  assert_target
}

assert_target() {
  [ -d "$NAME" ] && [ ! -L "$NAME" ] || give_up app-not-found "$TARGET is no installed app."
}

# Another install, by a process of anybody's or by another root script.
refuse_while_busy() {
  if [ -f "$LOCK" ] && [ ! -L "$LOCK" ]; then
    owner=$(sed -n 's/.*"pid":\([0-9]*\).*/\1/p' "$LOCK" 2>/dev/null | head -n 1)
    [ -z "$owner" ] || ! kill -0 "$owner" 2>/dev/null ||
      give_up install-busy "Process $owner is installing an update of $TARGET right now."
  fi
  for folder in "$PREFIX"*; do
    is_own_folder "$folder" && [ -f "$folder/owner" ] || continue
    read -r owner started < "$folder/owner"
    [ -n "$owner" ] && is_running "$owner" "$started" &&
      give_up install-busy "Process $owner is installing an update of $TARGET right now."
  done
}

# A real folder that only root can have made like this.
is_own_folder() { # PATH
  [ -d "$1" ] && [ ! -L "$1" ] && [ "$(tool stat -f '%u %Lp' "$1" 2>/dev/null)" = '0 700' ]
}

# What an earlier root script left behind when it was killed, as `recover` judges it: by what lies on disk.
recover_earlier() {
  for folder in "$PREFIX"*; do
    is_own_folder "$folder" || continue
    journal=$folder.journal
    [ -f "$journal" ] && [ ! -L "$journal" ] && [ "$(tool stat -f '%u' "$journal")" = 0 ] || continue
    (
      cd -P "$folder" && [ "$(tool stat -f '%u %Lp' .)" = '0 700' ] || exit 0
      repair_folder "../$journal"
    )
  done
}

repair_folder() { # JOURNAL
  step=$(sed -n 's/^{"step":"\([a-z]*\)".*/\1/p' "$1" | grep -v died | tail -n 1)
  staged=$(sed -n 's/^{"step":"staged".*"newApp":{"device":"\([0-9]*\)","inode":"\([0-9]*\)"}.*/\1 \2/p' "$1")
  case $step in
    installing)
      # The installer was cut off, and may have left half an app: the copy made before it is whole.
      if [ -d old ]; then put_back old || return 0; fi
      ;;
    exchanging | exchanged)
      if [ ! -e "../$NAME" ]; then
        for copy in new old; do [ -d "$copy" ] && mv "$copy" "../$NAME" && break; done
      fi
      [ "$(identity_of "../$NAME")" = "$staged" ] || return 0
      [ -d new ] && [ ! -e old ] && mv new old
      # The displaced app is the last version that was confirmed, until the next one is.
      return 0
      ;;
  esac
  rm -rf ./new ./old ./owner
  rm -f "$1"
  rmdir "../${PWD##*/}" 2>/dev/null
  return 0
}

# Puts a displaced app back at the target, in one step where something lies there.
put_back() { # NAME
  if [ -d "../$NAME" ] && [ ! -L "../$NAME" ]; then exchange_directories "../$NAME" "./$1"
  else mv "./$1" "../$NAME"; fi
}

make_places() {
  WORK=$(mktemp -d "$TEMPORARY/nexy-updater.XXXXXX") || give_up disk-full 'There is no place for a copy of the update.'
  is_own_folder "$WORK" || give_up usage "$WORK is not a folder of root's own."
  mkdir "$WORK/mounts"
  mkdir -m 700 "$STAGING" 2>/dev/null || give_up not-writable "Beside $TARGET nothing can be written."
  cd -P "$STAGING" && [ "$(tool stat -f '%u %Lp' .)" = '0 700' ] && [ -z "$(ls -A)" ] ||
    give_up not-writable "The folder beside $TARGET is not the one that was made."
  OWNS_STAGING=1
  note_owner "$$"
  set -C
  command exec 3> "../$JOURNAL_NAME" || give_up not-writable "Beside $TARGET nothing can be written."
  set +C
  printf '%s\n' "$BEGIN" >&3 2>/dev/null || no_space
}

# Who works in this folder, so that nobody repairs what is not broken.
note_owner() { # PID
  printf '%s %s\n' "$1" "$(tool ps -p "$1" -o lstart=)" > ./owner
}

# One byte more than promised is read, to see whether there is more.
copy_update() {
  [ -f "$FILE" ] || give_up sha256-mismatch 'The verified download is gone.'
  head -c "$((SIZE + 1))" < "$FILE" > "$WORK/update.$KIND" 2>/dev/null ||
    give_up disk-full 'There is not enough free space for a copy of the update.'
  digest=$(tool openssl dgst -sha256 < "$WORK/update.$KIND")
  [ "${digest##* }" = "$SHA256" ] || give_up sha256-mismatch 'The download was changed after it had been verified.'
}

stage_app() {
  attach_image
  find_in_image "$APP_NAME"
  [ -d "$found" ] || give_up payload-not-found 'The disk image does not contain the app that was verified.'
  tool ditto "$found" ./new > "$WORK/output" 2>&1 || give_up_for_output image-unreadable 'The app could not be copied'
  detach_images
  # A file that refuses carries no mark, or Gatekeeper will say so.
  tool xattr -d -r -s com.apple.quarantine ./new >/dev/null 2>&1
  like_old_app
  verify_signature ./new
  NEW=$(identity_of ./new)
  OLD=$(identity_of "../$NAME")
  write_journal staged "$(as_members newApp "$NEW")$(as_members oldApp "$OLD")" || no_space
}

# A disk image may hold the package in place of an app.
take_package_out() {
  attach_image
  find_in_image "$PACKAGE_NAME"
  [ -f "$found" ] || give_up payload-not-found 'The disk image does not contain the package that was verified.'
  cp "$found" "$WORK/update.pkg" || give_up disk-full 'There is not enough free space for a copy of the package.'
  detach_images
}

find_in_image() { # NAME
  found=''
  for mount in "$WORK"/mounts/*; do
    [ -e "$mount/$1" ] && [ ! -L "$mount/$1" ] && found=$mount/$1
  done
}

attach_image() {
  for attempt in 1 2 3 4; do
    # Answers the question that a licence agreement asks.
    printf 'Y\n' | tool hdiutil attach -plist -nobrowse -noautoopen -readonly -mountrandom "$WORK/mounts" \
      "$WORK/update.dmg" > "$WORK/output" 2>&1 && return 0
    grep -q 'Resource temporarily unavailable\|Resource busy' "$WORK/output" || break
    sleep "$attempt"
  done
  give_up_for_output image-unreadable 'The disk image could not be opened'
}

give_up_for_output() { # CODE SENTENCE
  if grep -q 'No space left on device' "$WORK/output"; then
    give_up disk-full 'There is not enough free space to install the update.'
  fi
  give_up "$1" "$2 ($(tail -n 1 "$WORK/output"))."
}

like_old_app() {
  old=$(tool stat -f '%u %g %Lp' "../$NAME") || give_up app-not-found "$TARGET is gone."
  owner=${old%% *}
  mode=${old##* }
  group=${old#* }
  group=${group%% *}
  chown -hR "$owner:$group" ./new && chmod "$mode" ./new ||
    give_up not-writable 'The new version cannot be given the owner of the installed one.'
  touch -r "../$NAME" ./new
}

verify_signature() { # APP
  [ -n "$REQUIREMENT" ] || return 0
  tool codesign --verify --deep --strict --verbose=2 -R "=$REQUIREMENT" "$1" > "$WORK/output" 2>&1
  case $? in
    0) ;;
    3) give_up requirement-mismatch 'The update is signed by somebody else than the installed app.' ;;
    *) give_up signature-invalid 'The signature of the update does not fit its contents.' ;;
  esac
  [ "$GATEKEEPER" = 1 ] || return 0
  tool spctl --assess --type execute --verbose=2 "$1" > "$WORK/output" 2>&1 ||
    give_up gatekeeper-rejected "macOS would not open the new version ($(tail -n 1 "$WORK/output"))."
}

# A package writes to the target by itself, so that a whole copy of what is there has to be elsewhere before.
copy_old_app_aside() {
  OLD=$(identity_of "../$NAME")
  tool ditto "../$NAME" ./old > "$WORK/output" 2>&1 ||
    give_up_for_output disk-full 'The installed app could not be copied aside'
  write_journal aside "$(as_members oldApp "$(identity_of ./old)")" || no_space
}

# Nothing may run from the target, of any user; it has to be what was staged for.
assert_ready() {
  [ "$(identity_of "../$NAME")" = "$OLD" ] && [ ! -L "../$NAME" ] ||
    give_up swap-failed "$TARGET is not what it was when the update was prepared."
  running=$(pids_from_target) && [ -z "$running" ] || give_up target-in-use "$TARGET is running."
}

# What was displaced is the last copy of somebody's app: whether it lies here now is told by what lies here.
exchange() {
  assert_ready
  write_journal exchanging || no_space
  exchange_directories "../$NAME" ./new
  [ "$(identity_of ./new)" != "$NEW" ] || give_up swap-failed "$TARGET could not be exchanged for the new version."
  [ ! -d ./new ] || mv ./new ./old
  write_journal exchanged
}

install_package() {
  assert_ready
  write_journal installing || no_space
  tool installer -pkg "$WORK/update.pkg" -target / > "$WORK/output" 2>&1 ||
    take_package_back "the Installer failed ($(tail -n 1 "$WORK/output"))"
  [ -d "../$NAME" ] && [ ! -L "../$NAME" ] || take_package_back 'there is no app afterwards'
  if [ -n "$REQUIREMENT" ]; then
    tool codesign --verify --deep --strict -R "=$REQUIREMENT" "../$NAME" > "$WORK/output" 2>&1 ||
      take_package_back 'what it installed is not signed as it should be'
  fi
  assert_installed_version CFBundleShortVersionString "$SHORT_VERSION"
  assert_installed_version CFBundleVersion "$BUNDLE_VERSION"
  printf '%s' "$RECEIPTS" | while read -r identifier version; do
    tool pkgutil --pkg-info "$identifier" 2>/dev/null | grep -qxF "version: $version" || exit 1
  done || take_package_back 'the system has no receipt of it'
  write_journal exchanged
}

assert_installed_version() { # KEY EXPECTED
  [ -n "$2" ] || return 0
  found=$(tool plutil -extract "$1" raw -o - "../$NAME/Contents/Info.plist" 2>/dev/null)
  [ "$found" = "$2" ] || take_package_back "it installed version $found instead of $2"
}

take_package_back() { # WHY
  put_back old && IS_BACK=1 && write_journal undone ',"reason":"package-failed"'
  if [ -z "$IS_IN_BACKGROUND" ]; then
    printf 'nexy-updater: pkg-install-failed: %s\n' "$1" >&2
  fi
  detach_images
  rm -rf "$WORK" ./owner
  # What could not be put back is the only whole copy: `recover` tries again.
  if [ -n "$IS_BACK" ]; then
    rm -rf ./new ./old
    rmdir "../$STAGING" 2>/dev/null
  fi
  [ -z "$IS_IN_BACKGROUND" ] || [ "$RELAUNCHES" != 1 ] || launch
  trap - EXIT
  exit 10
}

put_in_place() {
  if [ "$KIND" = dmg ]; then exchange; else install_package; fi
  NEW_INODE=$(inode_of "../$NAME")
  rm -rf "$WORK"
  WORK=''
}

# Stays until the new version has confirmed, so that taking it back asks for no second password.
stay() {
  [ "$RELAUNCHES" != 1 ] || launch
  watch_new_version
  case $? in
    0)
      write_journal confirmed
      rm -rf ./old ./owner
      rmdir "../$STAGING" 2>/dev/null
      clear_superseded
      ;;
    1)
      # What could not be put back is the last version that worked, and stays where it is.
      if put_back old; then
        write_journal undone ',"reason":"failed-starts"'
        rm -rf ./new ./old ./owner
        rmdir "../$STAGING" 2>/dev/null
        launch
      fi
      ;;
  esac
  rm -f ./owner
}

# Displaced apps of installs before this one, now that this one is good.
clear_superseded() {
  cd .. || return 0
  for folder in "$PREFIX"*; do
    is_own_folder "$folder" && [ ! -f "$folder/owner" ] || continue
    (cd -P "$folder" && [ "$(tool stat -f '%u %Lp' .)" = '0 700' ] && rm -rf ./new ./old)
    rmdir "$folder" 2>/dev/null && rm -f "$folder.journal"
  done
}

# The app has a while to quit (OLD_TICKS); another part of it may still refuse, and then says so.
wait_for_app() {
  rounds=0
  until wait_for_end "$OLD_PID" "$OLD_START" 5; do
    rounds=$((rounds + 1))
    if [ -e "$NOTES/$ID.abandoned" ]; then
      RELAUNCHES=0
      clear_staging
      trap - EXIT
      exit 0
    fi
    [ "$((rounds * 5))" -lt "$OLD_TICKS" ] || give_up target-in-use "$TARGET did not quit."
  done
}

check_arguments
# An end that nobody foresaw, such as a disk that is full in the middle of a line.
trap 'give_up disk-full "The update could not be prepared."' EXIT
enter_parent
refuse_while_busy
recover_earlier
assert_target
make_places
copy_update
if [ -n "$PACKAGE_NAME" ]; then
  take_package_out
  KIND=pkg
fi
if [ "$KIND" = dmg ]; then stage_app; else copy_old_app_aside; fi
answer=waiting
if [ -z "$OLD_PID" ]; then
  put_in_place
  answer=exchanged
fi
trap - EXIT
if [ -z "$OLD_PID" ] && [ "$RELAUNCHES" != 1 ]; then
  rm -f ./owner
  echo "$answer"
  exit 0
fi
(
  # A process of its own, which goes on when the one who asked has been answered (TN2065: output is not waited for
  # where it goes elsewhere).
  IS_IN_BACKGROUND=1
  trap 'give_up disk-full "The update could not be installed."' EXIT
  if [ -n "$OLD_PID" ]; then
    wait_for_app
    put_in_place
  fi
  trap - EXIT
  stay
) < /dev/null > /dev/null 2>&1 &
note_owner "$!"
echo "$answer"
exit 0
