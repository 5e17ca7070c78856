# tools/setup.sh   What tools/run and tools/test share: the packages that are missing are installed, the build folder is
# configured once, and what changed is built. Sourced, not run. When there is nothing to do it takes a fraction of a second.
#
# The names are those of Debian 12 and 13 and Ubuntu 24.04. On another system the commands and libraries must be there;
# nothing is installed, and cmake says what is missing.

build_packages=(gcc g++ cmake ninja-build pkg-config liburing-dev libisal-dev libjemalloc-dev libzstd-dev liblz4-dev
    libsnappy-dev zlib1g-dev libmicrohttpd-dev libssl-dev systemtap-sdt-dev)
test_packages=(libcmocka-dev libbenchmark-dev clang clang-tidy clang-format lld llvm kcat python3)
# Real clients (tests/client): default and all.
client_packages=(default-jdk-headless maven python3-venv rsyslog rsyslog-kafka)
# rapidjson-dev: librdkafka's own tests leave two out that are built without it.
all_packages=(golang-go rapidjson-dev e2fsprogs xfsprogs qemu-system-x86 qemu-system-arm qemu-user-static busybox-static debootstrap
    gcc-aarch64-linux-gnu g++-aarch64-linux-gnu)

say() {
    echo "$@" >&2
}

# A package, or what does its work: `clang-tidy` may be there as clang-tidy-14 alone.
package_present() {
    case $1 in
    clang-tidy | clang-format) compgen -c "$1" >/dev/null 2>&1 && return 0 ;;
    clang | kcat | python3) command -v "$1" >/dev/null && return 0 ;;
    default-jdk-headless) command -v javac >/dev/null && return 0 ;;
    maven) command -v mvn >/dev/null && return 0 ;;
    golang-go) command -v go >/dev/null && return 0 ;;
    esac
    [[ $installed_packages == *" $1 "* ]]
}

missing_packages() {
    installed_packages=" $(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
        sed -n 's/^installed //p' | tr '\n' ' ') "
    for package in "$@"; do
        package_present "$package" || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    else
        sudo "$@"
    fi
}

# install_packages NAME...   Fails when it can't; says what a person would have to type.
install_packages() {
    if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
        say "Missing packages. As root: apt-get install $*"
        return 1
    fi
    say "Installing: $*"
    local options=(-y -q --no-install-recommends -o DPkg::Lock::Timeout=300)
    local install=(env DEBIAN_FRONTEND=noninteractive apt-get install "${options[@]}" "$@")
    # Lists may be absent or old: fetch them when a name or a file is not found.
    as_root "${install[@]}" </dev/null >&2 && return 0
    as_root apt-get update -q </dev/null >&2 && as_root "${install[@]}" </dev/null >&2
}

# setup_packages PACKAGE...
setup_packages() {
    command -v dpkg-query >/dev/null && command -v apt-get >/dev/null || return 0
    local missing
    missing=$(missing_packages "$@")
    [ -z "$missing" ] || install_packages $missing
}

# The sanitizers' runtime belongs to a version of clang; its package is named after it.
setup_sanitizers() {
    command -v dpkg-query >/dev/null && command -v clang >/dev/null || return 0
    setup_packages "libclang-rt-$(clang -dumpversion | cut -d. -f1)-dev"
}

# configure FOLDER OPTION...   Only when an option is new or the folder is; cmake itself notices changed files.
configure() {
    local folder=$1 wanted
    shift
    wanted="$*"
    if [ -f "$folder/build.ninja" ] && [ "$(cat "$folder/.configured" 2>/dev/null)" = "$wanted" ]; then return 0; fi
    # Another compiler than last time needs a folder without a memory.
    [ ! -f "$folder/CMakeCache.txt" ] || rm -f "$folder/CMakeCache.txt"
    cmake -S "$root" -B "$folder" -G Ninja "$@" >&2 || return 1
    echo "$wanted" >"$folder/.configured"
}
