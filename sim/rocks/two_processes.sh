#!/bin/sh
# The same seeds in three processes that differ in what must not matter: allocator, address space, environment.
set -eu
measure=$1
for seed in 1 2 3; do
  plain=$("$measure" fingerprint "$seed" 20)
  perturbed=$(MALLOC_PERTURB_=165 MALLOC_TOP_PAD_=1234567 GLIBC_TUNABLES=glibc.malloc.tcache_count=0 \
    "$measure" fingerprint "$seed" 20)
  crowded=$(ORRERY_FILLER=$(printf '%4000d' 0) setarch -R "$measure" fingerprint "$seed" 20)
  for other in "$perturbed" "$crowded"; do
    if [ "$plain" != "$other" ]; then
      echo "seed $seed differs: $plain / $other" >&2
      exit 1
    fi
  done
  echo "seed $seed: $plain, three times"
done
