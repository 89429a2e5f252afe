// Tiles for f32 and bf16 weights on vectors of TILE_LANES floats: every instruction set compiles them for its own
// registers. The caller defines TILE_ROWS and TILE_LANES first, and DONE_WITH and NEXT_WEIGHTS where registers are few.

typedef float tile_floats __attribute__((vector_size(4 * TILE_LANES), aligned(4)));
typedef uint32_t tile_words __attribute__((vector_size(4 * TILE_LANES), aligned(4)));
enum { TILE_PARTS = SPUD_PANEL_ROWS / TILE_LANES };

#ifndef DONE_WITH
#define DONE_WITH(sum)
#define NEXT_WEIGHTS
#endif

/// The value of `first` for a tile that reads its panel as nothing else did before.
enum { ONLY_PASS = 2 };

#define SPUD_EACH(i, m) _Pragma("clang loop unroll(full)") for (int i = 0; i < (m); i++)

/// Adds column `k` of the inputs, times the `h`th register of weights, to the sums.
#define SPUD_ADD_COLUMN(k, weights_of_h) \
  { \
    tile_floats x[TILE_ROWS]; \
    SPUD_EACH(i, m) x[i] = ((const float *)inputs[i])[k] - (tile_floats){0}; \
    SPUD_EACH(h, TILE_PARTS) { \
      const tile_floats w = (tile_floats)(weights_of_h); \
      SPUD_EACH(i, m) { \
        sums[i][h] += w * x[i]; \
        DONE_WITH(sums[i][h]) \
      } \
      NEXT_WEIGHTS \
    } \
  }

SPUD_INLINE void tile_f32_rows(
    const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride,
        int first
) {
  tile_floats sums[TILE_ROWS][TILE_PARTS];
  SPUD_EACH(i, m) SPUD_EACH(h, TILE_PARTS)
    sums[i][h] = first ? (tile_floats){0} : *(const tile_floats *)(output + i * stride + TILE_LANES * h);
  const tile_floats *weights = (const tile_floats *)panel;
  for (int64_t k = 0; k < units; k++, weights += TILE_PARTS) SPUD_ADD_COLUMN(k, weights[h])
  SPUD_EACH(i, m) SPUD_EACH(h, TILE_PARTS) *(tile_floats *)(output + i * stride + TILE_LANES * h) = sums[i][h];
}

/// bfloat16 weights against float inputs: a bfloat16 is the upper half of a float. Columns stand in pairs.
SPUD_INLINE __attribute__((unused)) void tile_bf16_rows(
    const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride,
        int first
) {
  tile_floats sums[TILE_ROWS][TILE_PARTS];
  SPUD_EACH(i, m) SPUD_EACH(h, TILE_PARTS)
    sums[i][h] = first ? (tile_floats){0} : *(const tile_floats *)(output + i * stride + TILE_LANES * h);
  const tile_words *weights = (const tile_words *)panel;
  for (int64_t k = 0; k < 2 * units; k += 2, weights += TILE_PARTS) {
    SPUD_ADD_COLUMN(k, weights[h] << 16)
    SPUD_ADD_COLUMN(k + 1, weights[h] & 0xffff0000)
  }
  SPUD_EACH(i, m) SPUD_EACH(h, TILE_PARTS) *(tile_floats *)(output + i * stride + TILE_LANES * h) = sums[i][h];
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
