#!/bin/sh
# Builds Casebook and opens the workbench on the bundled demo case, or on a case made of the files given.
# Without a display it diagnoses the same input in the terminal.
#   ./run.sh [FILE|DIR ...]
set -eu

root=$(cd "$(dirname "$0")" && pwd -P)
. "$root/installer/debian-packages.sh"

# A Wayland session without X needs its plugin.
wayland=""
if [ -n "${WAYLAND_DISPLAY:-}" ] && [ -z "${DISPLAY:-}" ]; then wayland="qt6-wayland"; fi
# shellcheck disable=SC2086
need_packages "to build and run" $build_packages $run_packages $wayland

(
    cd "$root"
    log=build/release-configure.log
    mkdir -p build
    if ! configure release >"$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
    cmake --build --preset release --target casebook casebook-cli >&2
)

programs="$root/build/release/app"

# A display that can be opened: Wayland, a remote X display (taken at its word), a local one whose socket is there, or a
# platform that needs none.
display() {
    [ -n "${QT_QPA_PLATFORM:-}" ] && return 0
    [ -n "${WAYLAND_DISPLAY:-}" ] && return 0
    case ${DISPLAY:-} in
    "") return 1 ;;
    :*)
        number=${DISPLAY#:}
        [ -S "/tmp/.X11-unix/X${number%%.*}" ] || grep -qs "@/tmp/.X11-unix/X${number%%.*}\$" /proc/net/unix
        ;;
    *) return 0 ;;
    esac
}

if display; then
    if [ $# -eq 0 ]; then set -- --demo; fi
    exec "$programs/casebook" "$@"
fi
if [ $# -eq 0 ]; then set -- "$root/resources/samples/demo"; fi
echo "There is no display: diagnosing in the terminal instead of opening the workbench." >&2
exec "$programs/casebook-cli" diagnose "$@"
