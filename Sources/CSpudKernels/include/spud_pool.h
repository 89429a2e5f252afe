#pragma once
// The words that the threads of one pool share, each on cache lines of its own but for those that are read together,
// and the atomic steps on them. A line that another processor has written takes some 100 ns to come, and a token of a
// small model is 30 tasks of 10 us: so what is written for a task is on few of them.
#include <stdint.h>

// Padding, not _Alignas: Swift imports no over-aligned structure.
typedef struct {
  uint32_t generation;  ///< rises by one with every task; a futex word
  uint32_t padding0;
  void *job;            ///< the task
  void *kind[2];        ///< its type, as Swift has it
  uint32_t padding00[24];
  uint32_t sleepers;    ///< threads parked on `generation`
  uint32_t padding1[31];
  uint32_t finished;    ///< rises by one with every thread that has finished a task
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
/// Seen by whoever sees a later step of this thread's on another word.
static inline void spud_store_before(uint32_t *word, uint32_t value) { __atomic_store_n(word, value,
    __ATOMIC_RELAXED); }
/// Seen after all that this thread wrote before it.
static inline void spud_store_after(uint32_t *word, uint32_t value) { __atomic_store_n(word, value,
    __ATOMIC_RELEASE); }
/// Asks for the lines of `bytes` bytes at once.
static inline void spud_fetch_lines(const void *from, int64_t bytes) {
  for (int64_t at = 0; at < bytes; at += 64) __builtin_prefetch((const char *)from + at, 0, 3);
}
/// Adds and returns the value from before.
static inline uint32_t spud_fetch_add(uint32_t *word, uint32_t value) { return __atomic_fetch_add(word, value,
    __ATOMIC_SEQ_CST); }
static inline uint32_t spud_exchange(uint32_t *word, uint32_t value) { return __atomic_exchange_n(word, value,
    __ATOMIC_SEQ_CST); }
static inline int64_t spud_take(int64_t *next) { return __atomic_fetch_add(next, 1, __ATOMIC_RELAXED); }
static inline void spud_rewind(int64_t *next) { __atomic_store_n(next, 0, __ATOMIC_RELAXED); }
