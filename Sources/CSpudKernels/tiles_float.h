// Tiles for f32 and bf16 weights on 16-lane vectors: every instruction set compiles them for its own registers. The
// caller defines TILE_ROWS first.

typedef float tile_f32x16 __attribute__((vector_size(64), aligned(4)));
typedef uint32_t tile_u32x16 __attribute__((vector_size(64), aligned(4)));

/// The value of `first` for a tile that reads its panel as nothing else did before.
enum { ONLY_PASS = 2 };

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

/// Defines `name` as one unrolled kernel for each number of rows up to TILE_ROWS; more than that are never asked for.
#define SPUD_TILE_CASE(name, rows) \
  case rows: \
    if (rows <= TILE_ROWS) name##_rows(rows <= TILE_ROWS ? rows : 1, panel, units, inputs, output, stride, first); \
    break;
#define SPUD_TILE(name) \
  static void name(const uint8_t *panel, int64_t units, const uint8_t *const *inputs, int m, float *output, \
      size_t stride, int first) { \
    switch (m) { \
      SPUD_TILE_CASE(name, 1) SPUD_TILE_CASE(name, 2) SPUD_TILE_CASE(name, 3) \
      SPUD_TILE_CASE(name, 4) SPUD_TILE_CASE(name, 5) SPUD_TILE_CASE(name, 6) \
      default: break; \
    } \
  }
