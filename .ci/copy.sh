# Sourced by the scripts beside it: a folder to work in, the data beside the repository, and what is committed.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
copy=$work/gmmscape
export CI=${CI:-true}
shared=$root/../shared
if [ -d "$shared/data" ]; then
    GMMSCAPE_DATA=$(cd "$shared/data" && pwd)
    export GMMSCAPE_DATA
fi
if [ -d "$shared/reference" ]; then
    GMMSCAPE_REFERENCE=$(cd "$shared/reference" && pwd)
    export GMMSCAPE_REFERENCE
fi
trap 'rm -rf "$work"' EXIT
exec </dev/null

export_commit() {
    mkdir "$copy" && git -C "$root" archive HEAD | tar -x -C "$copy" && cd "$copy"
}
