#!/usr/bin/env bash
# Tries a copied bundle inside fresh namespaces (see dev/installer.py): no network but loopback, and an empty folder
# laid over each place given, so that neither the project nor its Python can be reached.
set -euo pipefail
ip link set lo up
for hidden in "$@"; do
    mount -t tmpfs tmpfs "$hidden"
done
cd "$PLACE"
export XDG_CONFIG_HOME="$PLACE/config" XDG_DATA_HOME="$PLACE/data" LC_ALL=C.UTF-8 LANGUAGE=uk

echo "-- version"
./sprava/sprava --version

echo "-- tour"
QT_QPA_PLATFORM=offscreen ./sprava/sprava tour --out "$PLACE/tour"

# What is drawn, read back and kept safe: libraries that are found by name only when they are wanted.
echo "-- vault"
export QT_QPA_PLATFORM=offscreen SPRAVA_PASSPHRASE="калина горить над ставом 77" SPRAVA_NEW_PASSPHRASE="осінній дощ над містом 5"
./sprava/sprava vault create kept --community Громада --unit ЦНАП --person Оксана --recovery-sheet sheet.pdf
./sprava/sprava vault recover kept --recovery-code sheet.pdf --recovery-sheet next.pdf
SPRAVA_PASSPHRASE=$SPRAVA_NEW_PASSPHRASE
number=$(./sprava/sprava case register kept --kit appeal --set applicant_name="Ґудзь Федора Єлисеївна" \
    --set applicant_address="с. Яблунівка" --set subject="Прошу відремонтувати дах" | cut -d' ' -f1)
./sprava/sprava file add kept "$number" next.pdf
./sprava/sprava backup kept kept.sprava-backup
./sprava/sprava restore kept.sprava-backup again
./sprava/sprava audit report kept --query Ґудзь --to report.pdf
./sprava/sprava verify again

echo "-- window"
Xvfb -displayfd 3 -screen 0 1366x768x24 -nolisten tcp 3>display 2>xvfb.log &
server=$!
trap 'kill "$server" && wait "$server"' EXIT
for _ in $(seq 100); do
    [ -s display ] && break
    sleep 0.1
done
export DISPLAY=:$(cat display)
QT_QPA_PLATFORM=xcb ./sprava/sprava >window.log 2>&1 &
window=$!
# The desk is up once the X server lists a named window of a program that is hundreds of pixels wide.
# It must stay there and have nothing to complain about.
for _ in $(seq 300); do
    kill -0 "$window" 2>/dev/null || { cat window.log; echo "the window closed by itself"; exit 1; }
    xwininfo -root -tree 2>/dev/null | grep -qE '": \("[^"]+" "[^"]+"\)  [0-9]{3,}x[0-9]{3,}' && opened=yes && break
    sleep 0.1
done
[ "${opened:-no}" = yes ] || { cat window.log; echo "no window appeared"; exit 1; }
sleep 1
kill -0 "$window"
kill "$window"
[ ! -s window.log ] || { cat window.log; echo "the window complained"; exit 1; }
echo "-- all of it worked"
