#pragma once
// The words that the threads of one pool share, each on cache lines of its own, and the atomic steps on them.
#include <stdint.h>

// Padding, not _Alignas: Swift imports no over-aligned structure.
typedef struct {
  uint32_t generation;  ///< rises by one with every task; a futex word
  uint32_t padding0[31];
  uint32_t sleepers;    ///< threads parked on `generation`
  uint32_t padding1[31];
  uint32_t remaining;   ///< threads that have not finished the task
  uint32_t padding2[31];
  uint32_t arrived;     ///< threads at the barrier
  uint32_t padding3[31];
  uint32_t phase;       ///< rises by one when a barrier opens
  uint32_t padding4[31];
  int64_t next;         ///< the next item of shared work
  uint32_t padding5[30];
  uint32_t busy;        ///< 1 while a task runs
  uint32_t padding6[31];
} spud_pool;

static inline uint32_t spud_load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_SEQ_CST); }
static inline void spud_store(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }
/// Adds and returns the value from before.
static inline uint32_t spud_fetch_add(uint32_t *word, uint32_t value) { return __atomic_fetch_add(word, value,
    __ATOMIC_SEQ_CST); }
static inline uint32_t spud_exchange(uint32_t *word, uint32_t value) { return __atomic_exchange_n(word, value,
    __ATOMIC_SEQ_CST); }
static inline int64_t spud_take(int64_t *next) { return __atomic_fetch_add(next, 1, __ATOMIC_RELAXED); }
static inline void spud_rewind(int64_t *next) { __atomic_store_n(next, 0, __ATOMIC_RELAXED); }
