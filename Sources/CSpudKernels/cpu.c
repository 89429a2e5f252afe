// What the processor has, and the few calls into the system that Swift cannot make itself.
#include "spud_kernels.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#endif

int32_t spud_cpu_has_avx2(void) {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
#else
  return 0;
#endif
}

int32_t spud_cpu_has_avx512(void) {
#if defined(__x86_64__)
  return spud_cpu_has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
             __builtin_cpu_supports("avx512vnni") &&
         __builtin_cpu_supports("avx512bf16") && __builtin_cpu_supports("avx512vbmi") &&
         __builtin_cpu_supports("gfni");
#else
  return 0;
#endif
}

int32_t spud_cpu_has_amx(void) {
#if defined(__x86_64__) && defined(__linux__)
  // asm/prctl.h; cpuid 7: products of bfloat16, arithmetic on halves, tiles.
  enum { ASK_PERMISSION = 0x1023, TILE_DATA = 18, BITS = 1 << 22 | 1 << 23 | 1 << 24 };
  unsigned a, b, c, d;
  return spud_cpu_has_avx512() && __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d & BITS) == BITS &&
         syscall(SYS_arch_prctl, ASK_PERMISSION, TILE_DATA) == 0;
#else
  return 0;
#endif
}

int32_t spud_cpu_has_neon(void) {
#if defined(__aarch64__) && defined(__linux__)
  return (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  return 0;
#endif
}

int32_t spud_cpu_has_neon_i8mm(void) {
#if defined(__aarch64__) && defined(__linux__)
  return spud_cpu_has_neon() && (getauxval(AT_HWCAP2) & HWCAP2_I8MM) != 0;
#else
  return 0;
#endif
}

__attribute__((weak)) const spud_kernels *spud_kernels_avx512_emulated(void) { return NULL; }
__attribute__((weak)) const spud_kernels *spud_kernels_amx_emulated(void) { return NULL; }

size_t spud_first_cache_bytes(void) {
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  static long found = -1;  // the same value whoever writes it; the call costs microseconds
  long bytes = __atomic_load_n(&found, __ATOMIC_RELAXED);
  if (bytes < 0) {
    bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE);
    if (bytes < 0) bytes = 0;
    __atomic_store_n(&found, bytes, __ATOMIC_RELAXED);
  }
  return (size_t)bytes;
#else
  return 0;
#endif
}

void spud_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

#if defined(__linux__)
void spud_futex_wait(const uint32_t *word, uint32_t expected) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, NULL, NULL, 0);
}

void spud_futex_wake(const uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0); }

void spud_pin_thread(int32_t index) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    if (!CPU_ISSET(cpu, &allowed) || index-- > 0) continue;
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
    return;
  }
}

int32_t spud_cpu_count(void) {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  int count = CPU_COUNT(&allowed);
  return count > 0 ? count : 1;
}
#else
void spud_futex_wait(const uint32_t *word, uint32_t expected) {
  (void)word, (void)expected;
  sched_yield();
}
void spud_futex_wake(const uint32_t *word) { (void)word; }
void spud_pin_thread(int32_t index) { (void)index; }
int32_t spud_cpu_count(void) {
  long count = sysconf(_SC_NPROCESSORS_ONLN);
  return count > 0 ? (int32_t)count : 1;
}
#endif

enum { HUGE_PAGE = 2 << 20 };

// The mapping starts on a huge page: one more is mapped than is needed, and what sticks out at either end is given
// back.
void *spud_allocate_pages(size_t bytes) {
  if (bytes == 0 || bytes > SIZE_MAX - 2 * (size_t)HUGE_PAGE) return NULL;
  size_t size = (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
  uint8_t *base = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
      -1, 0);
  if (base == MAP_FAILED) return NULL;
  size_t lead = (HUGE_PAGE - (uintptr_t)base % HUGE_PAGE) % HUGE_PAGE;
  if (lead > 0) munmap(base, lead);
  munmap(base + lead + size, HUGE_PAGE - lead);
#if defined(MADV_HUGEPAGE)
  madvise(base + lead, size, MADV_HUGEPAGE);
#endif
  return base + lead;
}

void spud_populate(const void *bytes, size_t count) {
#if defined(__linux__)
  // MADV_POPULATE_READ, which older headers lack; a kernel that does not know it leaves the pages to be faulted in.
  enum { POPULATE_READ = 22 };
  const uintptr_t page = 4096, start = (uintptr_t)bytes / page * page;
  madvise((void *)start, ((uintptr_t)bytes + count - start + page - 1) / page * page, POPULATE_READ);
#else
  (void)bytes, (void)count;
#endif
}

void spud_free_pages(void *pages, size_t bytes) {
  if (pages != NULL) munmap(pages, (bytes + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE);
}
