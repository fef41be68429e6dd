#!/usr/bin/env bash
# Applies each mutant of the checkers to a scratch worktree, builds the checkers' tests and expects them to fail.
# Usage: workloads/check/mutants/run.sh [--shard I/N] [NAME...]    (default: all mutants)
# Prints one line per mutant: killed by which test, or SURVIVED. Exit 0 if every mutant was killed.
set -euo pipefail
root=$(git rev-parse --show-toplevel)
here=$root/workloads/check/mutants
shard=0 shards=1
if [ "${1:-}" = --shard ]; then shard=${2%/*} shards=${2#*/}; shift 2; fi
scratch=$(mktemp -d)
trap 'git -C "$root" worktree remove --force "$scratch/tree" 2>/dev/null || true; rm -rf "$scratch"' EXIT
git -C "$root" worktree add -q --detach "$scratch/tree" HEAD
cd "$scratch/tree"
export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
# Optimised a little, so that so many builds and runs take minutes, not hours.
cmake -S . -B build -G Ninja -DCMAKE_BUILD_TYPE=None -DCMAKE_CXX_FLAGS="-O1 -g0 -D_GLIBCXX_ASSERTIONS" -DORRERY_WERROR=OFF >"$scratch/log" 2>&1
build() { cmake --build build --target orrery_check_test >"$scratch/log" 2>&1; }
build || { cat "$scratch/log"; exit 1; }
build/orrery_check_test >"$scratch/log" || { echo "the tests fail without any mutant"; cat "$scratch/log"; exit 1; }

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for patch in "$here"/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi
survived=0 index=0
for name in "${names[@]}"; do
  index=$((index + 1))
  [ $((index % shards)) -eq "$shard" ] || continue
  git apply "$here/$name.patch" || { echo "| $name | DOES NOT APPLY |"; survived=$((survived + 1)); continue; }
  if ! build; then
    echo "| $name | DOES NOT BUILD |"
    survived=$((survived + 1))
  elif timeout 120 build/orrery_check_test --abort-after=1 --no-colors=true >"$scratch/out" 2>&1; then
    echo "| $name | SURVIVED |"
    survived=$((survived + 1))
  else
    code=$?
    by=$(sed -n 's/^TEST CASE:  *//p' "$scratch/out" | head -1)
    [ "$code" -ne 124 ] || by="no answer within 120 s"
    echo "| $name | ${by:-a crash} |"
  fi
  git checkout -q -- .
done
[ "$survived" -eq 0 ]
