#pragma once
/// Non-zero when the CPU and the operating system support AVX2 and FMA.
int spud_cpu_has_avx2(void);
