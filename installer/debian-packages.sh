# Sourced by run.sh and test.sh: which Debian packages the project needs, and how to get those that lack.

# To build the programs.
build_packages="g++ cmake ninja-build
 libsqlite3-dev libsimdjson-dev robin-map-dev libarchive-dev libpugixml-dev libyaml-cpp-dev libzstd-dev libxxhash-dev
 libexpected-dev libprotozero-dev libcli11-dev
 qt6-base-dev qt6-svg-dev libqcustomplot-dev libqcustomplot2.1-qt6"
# To run them: plugins and fonts that no linker names.
run_packages="libqt6svg6 fonts-dejavu-core"
# To test: a faster linker, a compiler cache for the second time, the servers that capture is tried on, and a screen with a
# window manager and a hand for the tour.
test_packages="mold ccache zstd postgresql pgbouncer xvfb openbox xdotool"

# need_packages WHY PACKAGE ...: installs those that are not there. Says what it does. Leaves the network alone when
# nothing lacks.
need_packages() {
    why=$1
    shift
    if ! command -v dpkg-query >/dev/null 2>&1; then
        echo "This is not a Debian system: make sure that these are installed (Debian's names): $*" >&2
        return 0
    fi
    lacking=""
    for package in "$@"; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || lacking="$lacking $package"
    done
    [ -n "$lacking" ] || return 0

    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1; then
            echo "Needed $why, and neither root nor sudo is at hand. As root: apt-get install$lacking" >&2
            return 1
        fi
        as_root="sudo"
    fi
    echo "Installing packages $why:$lacking" >&2
    log=$(mktemp)
    # The list of packages may be missing (a bare system) or too old: fetch it, and go on with the old one offline.
    $as_root apt-get update -qq >"$log" 2>&1 || echo "apt-get update failed; trying with the lists that are there" >&2
    # shellcheck disable=SC2086
    if ! $as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends -o Dpkg::Use-Pty=0 $lacking >>"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        echo "Could not install:$lacking" >&2
        return 1
    fi
    rm -f "$log"
}

# configure PRESET ...: configures build/PRESET, afresh when the folder was configured somewhere else.
configure() {
    preset=$1
    shift
    fresh=""
    cache="build/$preset/CMakeCache.txt"
    if [ -f "$cache" ] && ! grep -qxF "CMAKE_HOME_DIRECTORY:INTERNAL=$PWD" "$cache"; then
        fresh="--fresh"
    fi
    # shellcheck disable=SC2086
    cmake --preset "$preset" $fresh "$@"
}
