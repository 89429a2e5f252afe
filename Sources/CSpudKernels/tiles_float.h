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

/// Adds columns `k` and on, `count` of them, of the inputs, times register `h` of weights for column `c`, to the sums.
#define SPUD_ADD_COLUMNS(count, k, weights_of_h) \
  { \
    tile_floats x[count][TILE_ROWS]; \
    SPUD_EACH(c, count) SPUD_EACH(i, m) x[c][i] = ((const float *)inputs[i])[(k) + c] - (tile_floats){0}; \
    SPUD_EACH(p, panels) SPUD_EACH(h, TILE_PARTS) { \
      SPUD_EACH(c, count) { \
        const tile_floats w = (tile_floats)(weights_of_h); \
        SPUD_EACH(i, m) { \
          sums[p + i][h] += w * x[c][i]; \
          DONE_WITH(sums[p + i][h]) \
        } \
      } \
      NEXT_WEIGHTS \
    } \
  }

/// `m` rows by one panel, or one row by two panels, the second's sums behind the first's.
#define SPUD_FLOAT_TILE(name, unit_bytes, columns_of_unit) \
  SPUD_INLINE __attribute__((unused)) void name##_panels( \
      const int m, const int panels, const uint8_t *panel, size_t panel_bytes, int64_t units, \
      const uint8_t *const *inputs, float *output, size_t stride, int first \
  ) { \
    tile_floats sums[TILE_ROWS + 1][TILE_PARTS]; \
    SPUD_EACH(i, m + panels - 1) SPUD_EACH(h, TILE_PARTS) \
      sums[i][h] = first ? (tile_floats){0} : *(const tile_floats *)(output + i * stride + TILE_LANES * h); \
    for (int64_t unit = 0; unit < units; unit++, panel += (unit_bytes)) columns_of_unit \
    SPUD_EACH(i, m + panels - 1) SPUD_EACH(h, TILE_PARTS) \
      *(tile_floats *)(output + i * stride + TILE_LANES * h) = sums[i][h]; \
  } \
  SPUD_INLINE __attribute__((unused)) void name##_rows( \
      const int m, const uint8_t *panel, int64_t units, const uint8_t *const *inputs, float *output, size_t stride, \
      int first \
  ) { name##_panels(m, 1, panel, 0, units, inputs, output, stride, first); }
#define WEIGHTS(type) (((const type *)(panel + p * panel_bytes))[h])
SPUD_FLOAT_TILE(tile_f32, 4 * SPUD_PANEL_ROWS, SPUD_ADD_COLUMNS(1, unit, WEIGHTS(tile_floats)))
// A bfloat16 is the upper half of a float. Columns are in pairs, which go together while their inputs find registers.
SPUD_FLOAT_TILE(tile_bf16, 4 * SPUD_PANEL_ROWS, if (m < 3) {
  SPUD_ADD_COLUMNS(2, 2 * unit, c == 0 ? WEIGHTS(tile_words) << 16 : WEIGHTS(tile_words) & 0xffff0000)
} else {
  SPUD_ADD_COLUMNS(1, 2 * unit, WEIGHTS(tile_words) << 16)
  SPUD_ADD_COLUMNS(1, 2 * unit + 1, WEIGHTS(tile_words) & 0xffff0000)
})
#undef WEIGHTS

#ifndef HAS_HALVES
/// Floats of as many halves. Adding to the exponent suits the normal numbers; for those below them a subtraction of
/// floats does it, and for what is no number the largest exponent.
SPUD_INLINE tile_floats floats_of_halves(const uint8_t *from) {
  typedef uint16_t halves __attribute__((vector_size(2 * TILE_LANES), aligned(2)));
  const tile_words half = __builtin_convertvector(*(const halves *)from, tile_words);
  const tile_words magnitude = (half & 0x7fff) << 13, exponent = magnitude & 0x0f800000;
  const tile_words normal = magnitude + ((127 - 15) << 23);
  const tile_words small = (tile_words)((tile_floats)(normal + (1 << 23)) - 0x1p-14f);
  const tile_words is_small = (tile_words)(exponent == 0), is_special = (tile_words)(exponent == 0x0f800000);
  const tile_words value = (small & is_small) | (normal & ~is_small) | (0x7f800000 & is_special);
  return (tile_floats)(value | (half & 0x8000) << 16);
}
#endif
SPUD_FLOAT_TILE(tile_f16, 2 * SPUD_PANEL_ROWS,
    SPUD_ADD_COLUMNS(1, unit, floats_of_halves(panel + p * panel_bytes + 2 * TILE_LANES * h)))

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
/// Defines `name` for one row and two panels; for one row and LONE_PANELS of them.
#define SPUD_LONE(name) \
  static void name##_lone( \
      const uint8_t *panels, size_t panel_bytes, int64_t units, const uint8_t *input, float *output) { \
    name##_panels(1, 2, panels, panel_bytes, units, &input, output, SPUD_PANEL_ROWS, ONLY_PASS); \
  }
#define SPUD_LONE_OF_MANY(name) \
  static void name##_lone_of_many( \
      const uint8_t *panels, size_t panel_bytes, int64_t units, const uint8_t *input, float *output) { \
    name##_panels(1, LONE_PANELS, panels, panel_bytes, units, &input, output, SPUD_PANEL_ROWS, ONLY_PASS); \
  }
