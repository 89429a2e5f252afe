// Tiles for f32 and bf16 weights on 16-lane vectors: every instruction set compiles them for its own registers. The
// caller defines TILE_ROWS first.

typedef float tile_f32x16 __attribute__((vector_size(64), aligned(4)));
typedef uint32_t tile_u32x16 __attribute__((vector_size(64), aligned(4)));

#define SPUD_EACH(i, m) _Pragma("clang loop unroll(full)") for (int i = 0; i < (m); i++)

SPUD_INLINE void tile_f32_rows(
    const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride,
        int first
) {
  tile_f32x16 sums[TILE_ROWS][2];
  SPUD_EACH(i, m) SPUD_EACH(h, 2)
    sums[i][h] = first ? (tile_f32x16){0} : *(const tile_f32x16 *)(output + i * stride + 16 * h);
  const float *weights = (const float *)panel;
  for (int64_t k = 0; k < units; k++, weights += SPUD_PANEL_ROWS) {
    const tile_f32x16 low = *(const tile_f32x16 *)weights, high = *(const tile_f32x16 *)(weights + 16);
    SPUD_EACH(i, m) {
      const float x = ((const float *)inputs[i])[k];
      sums[i][0] += low * x;
      sums[i][1] += high * x;
    }
  }
  SPUD_EACH(i, m) SPUD_EACH(h, 2) *(tile_f32x16 *)(output + i * stride + 16 * h) = sums[i][h];
}

/// bfloat16 weights against float inputs: a bfloat16 is the upper half of a float.
SPUD_INLINE __attribute__((unused)) void tile_bf16_rows(
    const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride,
        int first
) {
  tile_f32x16 sums[TILE_ROWS][2];
  SPUD_EACH(i, m) SPUD_EACH(h, 2)
    sums[i][h] = first ? (tile_f32x16){0} : *(const tile_f32x16 *)(output + i * stride + 16 * h);
  const tile_u32x16 *weights = (const tile_u32x16 *)panel;
  for (int64_t k = 0; k < units; k++, weights += 2) {
    SPUD_EACH(h, 2) {
      const tile_u32x16 pair = weights[h];
      const tile_f32x16 even = (tile_f32x16)(pair << 16), odd = (tile_f32x16)(pair & 0xffff0000);
      SPUD_EACH(i, m) {
        const float *x = (const float *)inputs[i] + 2 * k;
        sums[i][h] += even * x[0];
        sums[i][h] += odd * x[1];
      }
    }
  }
  SPUD_EACH(i, m) SPUD_EACH(h, 2) *(tile_f32x16 *)(output + i * stride + 16 * h) = sums[i][h];
}

/// Defines `name` as one unrolled kernel for each number of rows.
#if TILE_ROWS == 6
#define SPUD_TILE(name) \
  static void name(const uint8_t *panel, int64_t units, const uint8_t *const *inputs, int m, float *output, \
      size_t stride, \
                   int first) { \
    switch (m) { \
      case 1: name##_rows(1, panel, units, inputs, output, stride, first); break; \
      case 2: name##_rows(2, panel, units, inputs, output, stride, first); break; \
      case 3: name##_rows(3, panel, units, inputs, output, stride, first); break; \
      case 4: name##_rows(4, panel, units, inputs, output, stride, first); break; \
      case 5: name##_rows(5, panel, units, inputs, output, stride, first); break; \
      default: name##_rows(6, panel, units, inputs, output, stride, first); break; \
    } \
  }
#elif TILE_ROWS == 3
#define SPUD_TILE(name) \
  static void name(const uint8_t *panel, int64_t units, const uint8_t *const *inputs, int m, float *output, \
      size_t stride, \
                   int first) { \
    switch (m) { \
      case 1: name##_rows(1, panel, units, inputs, output, stride, first); break; \
      case 2: name##_rows(2, panel, units, inputs, output, stride, first); break; \
      default: name##_rows(3, panel, units, inputs, output, stride, first); break; \
    } \
  }
#else
#define SPUD_TILE(name) \
  static void name(const uint8_t *panel, int64_t units, const uint8_t *const *inputs, int m, float *output, \
      size_t stride, \
                   int first) { \
    (void)m; \
    name##_rows(1, panel, units, inputs, output, stride, first); \
  }
#endif
