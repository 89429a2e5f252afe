// Products with the formats of block_formats.h, for one instruction set: included by kernels_template.h. Before it the
// instruction set defines, behind blocks_spread.h,
//
//   tile_blocks         void (format, spread, m, panel, scales, units, input rows, output, stride, first): as the
//                       tiles of other formats; `spread` says that `panel` holds bytes, [blocks][8][32][4], and
//                       `scales` theirs, as `spread_units` writes them, else it is the panel itself
//   DIRECT_ROWS         up to so many input rows go straight over the panel; of more, bytes are spread once for all
//   has_row_blocks, tile_blocks_lone
//                       with LONE_PANELS: formats of which up to LONE_ROWS rows take so many panels at once, and how

typedef struct {
  void (*tile)(const uint8_t *panel, const block_scales *scales, int64_t units, const uint8_t *const *inputs, int m,
      float *output, size_t stride, int first);
  void (*spread_tile)(const uint8_t *bytes, const block_scales *scales, int64_t units, const uint8_t *const *inputs,
      int m, float *output, size_t stride, int first);
  void (*spread)(const uint8_t *panel, int64_t units, uint8_t *bytes, block_scales *scales);
#ifdef LONE_PANELS
  /// The output is [panels][rows][32].
  void (*lone[LONE_ROWS])(const uint8_t *panels, size_t panel_bytes, int64_t units, const uint8_t *const *inputs,
      float *output);
#endif
} block_functions;

#define BLOCK_TILE_CASE(format, spread, rows) \
  case rows: \
    if (rows <= TILE_ROWS) tile_blocks( \
        format, spread, rows <= TILE_ROWS ? rows : 1, panel, scales, units, inputs, output, stride, first); \
    break;
#define BLOCK_TILE(name, format, spread) \
  static void name(const uint8_t *panel, const block_scales *scales, int64_t units, const uint8_t *const *inputs, \
      int m, float *output, size_t stride, int first) { \
    switch (m) { \
      BLOCK_TILE_CASE(format, spread, 1) BLOCK_TILE_CASE(format, spread, 2) BLOCK_TILE_CASE(format, spread, 3) \
      BLOCK_TILE_CASE(format, spread, 4) BLOCK_TILE_CASE(format, spread, 5) BLOCK_TILE_CASE(format, spread, 6) \
      default: break; \
    } \
  }
#ifdef LONE_PANELS
#define BLOCK_LONE_ROWS(name, format, m) \
  static void lone_##m##_##name(const uint8_t *panels, size_t panel_bytes, int64_t units, \
      const uint8_t *const *inputs, float *output) { \
    tile_blocks_lone(format, m, panels, panel_bytes, units, inputs, output); \
  }
#define BLOCK_LONE(name, format) BLOCK_LONE_ROWS(name, format, 1) BLOCK_LONE_ROWS(name, format, 2)
#else
#define BLOCK_LONE(name, format)
#endif
#define BLOCK_FORMAT(name, format) \
  BLOCK_LONE(name, format) \
  BLOCK_TILE(tile_##name, format, 0) \
  BLOCK_TILE(spread_tile_##name, format, 1) \
  static void spread_##name(const uint8_t *panel, int64_t units, uint8_t *bytes, block_scales *scales) { \
    spread_units(format, panel, units, bytes, scales); \
  }
BLOCK_FORMAT(q4_k, SPUD_Q4_K)
BLOCK_FORMAT(q5_k, SPUD_Q5_K)
BLOCK_FORMAT(q6_k, SPUD_Q6_K)
BLOCK_FORMAT(q3_k, SPUD_Q3_K)
BLOCK_FORMAT(q2_k, SPUD_Q2_K)
BLOCK_FORMAT(q4_1, SPUD_Q4_1)
BLOCK_FORMAT(q5_0, SPUD_Q5_0)
BLOCK_FORMAT(q5_1, SPUD_Q5_1)
BLOCK_FORMAT(iq4_xs, SPUD_IQ4_XS)
BLOCK_FORMAT(iq4_nl, SPUD_IQ4_NL)
BLOCK_FORMAT(mxfp4, SPUD_MXFP4)

static block_functions block_functions_of(spud_format format) {
#ifdef LONE_PANELS
#define BLOCK_FUNCTIONS(name) \
  ((block_functions){tile_##name, spread_tile_##name, spread_##name, {lone_1_##name, lone_2_##name}})
#else
#define BLOCK_FUNCTIONS(name) ((block_functions){tile_##name, spread_tile_##name, spread_##name})
#endif
  switch (format) {
    case SPUD_Q4_K: return BLOCK_FUNCTIONS(q4_k);
    case SPUD_Q5_K: return BLOCK_FUNCTIONS(q5_k);
    case SPUD_Q6_K: return BLOCK_FUNCTIONS(q6_k);
    case SPUD_Q3_K: return BLOCK_FUNCTIONS(q3_k);
    case SPUD_Q2_K: return BLOCK_FUNCTIONS(q2_k);
    case SPUD_Q4_1: return BLOCK_FUNCTIONS(q4_1);
    case SPUD_Q5_0: return BLOCK_FUNCTIONS(q5_0);
    case SPUD_Q5_1: return BLOCK_FUNCTIONS(q5_1);
    case SPUD_IQ4_XS: return BLOCK_FUNCTIONS(iq4_xs);
    case SPUD_IQ4_NL: return BLOCK_FUNCTIONS(iq4_nl);
    default: return BLOCK_FUNCTIONS(mxfp4);
  }
}

/// The product, for the formats of block_formats.h. Up to DIRECT_ROWS rows pass over a panel as it comes from memory.
/// Of more, a slice of the panel becomes bytes in the first-level cache, over which all of them pass. The sums are the
/// same.
SPUD_APART void product_of_blocks(const spud_product *p) {
  const spud_shape shape = spud_shape_of(p->format);
  const block_functions functions = block_functions_of(p->format);
  const size_t unit_bytes = (size_t)spud_shape_bytes(shape);
  const int64_t slice = (spud_first_cache_bytes() >= 48 << 10 ? SPREAD_BLOCKS : SPREAD_BLOCKS / 2) / shape.blocks;
  const int64_t blocks = (p->rows + SPUD_ROW_BLOCK - 1) / SPUD_ROW_BLOCK;
  int64_t first_panel = p->first_panel;
#ifdef LONE_PANELS
  if (p->rows <= LONE_ROWS && has_row_blocks(p->format) && p->panel_bytes >= LONE_BLOCK_BYTES) {
    const uint8_t *inputs[LONE_ROWS];
    for (int64_t row = 0; row < p->rows; row++) inputs[row] = input_row(p, row);
    for (; first_panel + LONE_PANELS <= p->last_panel; first_panel += LONE_PANELS) {
      functions.lone[p->rows - 1](
          p->panels + first_panel * p->panel_bytes, p->panel_bytes, p->units, inputs, p->workspace);
      SPUD_EACH(i, LONE_PANELS) {
        finish_rows(p, first_panel + i, 0, p->rows, p->workspace + i * p->rows * SPUD_PANEL_ROWS);
      }
    }
  }
#endif
  _Alignas(64) uint8_t bytes[SPREAD_BLOCKS * SPREAD_BYTES];
  _Alignas(64) block_scales scales[SPREAD_BLOCKS];
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t first_row = p->rows * block / blocks, rows = p->rows * (block + 1) / blocks - first_row;
    const int64_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    const uint8_t *starts[SPUD_ROW_BLOCK], *inputs[SPUD_ROW_BLOCK];
#pragma clang loop vectorize(disable)
    for (int64_t row = 0; row < rows; row++) starts[row] = input_row(p, first_row + row);
    for (int64_t panel = first_panel; panel < p->last_panel; panel++) {
      const uint8_t *weights = p->panels + panel * p->panel_bytes;
      if (p->rows <= DIRECT_ROWS) {
        functions.tile(weights, NULL, p->units, starts, (int)rows, p->workspace, SPUD_PANEL_ROWS, 1);
        finish_rows(p, panel, first_row, rows, p->workspace);
        continue;
      }
      for (int64_t unit = 0; unit < p->units; unit += slice, weights += slice * unit_bytes) {
        const int64_t units = spud_min(slice, p->units - unit);
        functions.spread(weights, units, bytes, scales);
        // While the rows pass over this slice, the next one comes from memory, a part with each tile.
        const uint8_t *next = weights + units * unit_bytes;
        const int64_t part = (units * (int64_t)unit_bytes / tiles + 63) / 64 * 64;
        for (int64_t row = 0; row < rows; row++) {
          inputs[row] = starts[row] + unit * shape.blocks * sizeof(spud_summed_block);
        }
        for (int64_t t = 0, row = 0, m; t < tiles; t++, row += m) {
          m = tile_height(rows, tiles, t);
          for (const uint8_t *const end = next + part; next < end; next += 64) __builtin_prefetch(next, 0, 2);
          if (unit == 0 && !is_gated(p)) {
            prefetch_outputs(p, first_row + row, first_row + row + m, panel);
          }
          functions.spread_tile(bytes, scales, units, inputs + row, (int)m, p->workspace + row * SPUD_PANEL_ROWS,
              SPUD_PANEL_ROWS, unit == 0);
        }
      }
      finish_rows(p, panel, first_row, rows, p->workspace);
    }
  }
}
