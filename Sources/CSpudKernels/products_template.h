// Products of one instruction set: included once by kernels_template.h.

typedef void (*tile_function)(
    const uint8_t *panel, int64_t units, const uint8_t *const *inputs, int m, float *output, size_t stride, int first);

SPUD_INLINE tile_function tile_of(spud_format format) {
  switch (format) {
    case SPUD_F32: return tile_f32;
    case SPUD_BF16: return tile_bf16;
    case SPUD_F16: return tile_f16;
    case SPUD_Q8_0: return tile_q8_0;
    default: return tile_q4_0;
  }
}

/// Rows of tile `t`. Heights differ by one at most: of 61 rows six tiles of six and five of five, and none of one.
SPUD_INLINE int64_t tile_height(int64_t rows, int64_t tiles, int64_t t) { return rows / tiles + (t < rows % tiles); }

/// How many units of a panel stay in the first-level cache while the rows pass over them.
SPUD_INLINE int64_t slice_units(spud_format format, int64_t rows) {
  switch (format) {
    case SPUD_F32: case SPUD_BF16: return 128;
    case SPUD_F16: return 256;
    // Two or three tiles ask for a whole slice of what comes next: of a long one, so much at a time that their own
    // weights wait behind it.
    case SPUD_Q8_0: if (rows <= 3 * TILE_ROWS) return 4; __attribute__((fallthrough));
    default: return spud_first_cache_bytes() >= 48 << 10 ? 16 : 8;
  }
}

SPUD_INLINE size_t input_unit_bytes(spud_format format) {
  switch (format) {
    case SPUD_F32: case SPUD_F16: return 4;
    case SPUD_BF16: return BF16_INPUT_UNIT;
    default: return sizeof(spud_block);
  }
}

SPUD_INLINE int is_gated(const spud_product *p) { return p->epilogue >= SPUD_SWIGLU; }

/// What becomes of 16 gates and 16 ups, with their biases where there are any.
SPUD_INLINE f32x16 gated16(const spud_product *p, int64_t panel, const float *sums) {
  f32x16 gate = load16(sums), up = load16(sums + 16);
  if (p->bias) {
    gate += load16(p->bias + panel * SPUD_PANEL_ROWS);
    up += load16(p->bias + panel * SPUD_PANEL_ROWS + 16);
  }
  if (p->epilogue == SPUD_SWIGLU) return silu16(gate) * up;
  // A NaN compares false and passes through.
  const f32x16 limit = splat16(p->limit);
  gate = select16(gate > limit, limit, gate);
  up = select16(up > limit, limit, select16(up < -limit, -limit, up));
  return over16((up + 1.0f) * gate, 1.0f + exp16(-p->slope * gate));
}

/// What becomes of the 32 sums of one row, where the matrix ends inside the panel.
SPUD_INLINE void finish_row(const spud_product *p, int64_t panel, int64_t row, const float *sums) {
  const int64_t target = p->output_rows ? p->output_rows[row] : row;
  if (is_gated(p)) {
    float *output = p->output + target * p->output_stride + panel * 16;
    const f32x16 result = gated16(p, panel, sums);
    for (int64_t i = 0; i < spud_min(16, p->columns_out - panel * 16); i++) output[i] = result[i];
    return;
  }
  const int64_t column = panel * SPUD_PANEL_ROWS, width = spud_min(SPUD_PANEL_ROWS, p->columns_out - column);
  float *output = p->output + target * p->output_stride + column;
  const float factor = p->factors ? p->factors[row] : 1;
  for (int64_t i = 0; i < width; i++) {
    const float sum = p->bias ? sums[i] + p->bias[column + i] : sums[i];
    output[i] = p->epilogue == SPUD_ADD ? output[i] + factor * sum : sum;
  }
}

/// What becomes of the sums of several rows, in the common case without a question asked of each.
SPUD_INLINE void finish_rows(const spud_product *p, int64_t panel, int64_t first_row, int64_t rows, const float *sums) {
  const int gated = is_gated(p), adds = p->epilogue == SPUD_ADD;
  const int64_t width = gated ? 16 : SPUD_PANEL_ROWS;
  if (p->columns_out - panel * width < width) {
    for (int64_t row = 0; row < rows; row++) finish_row(p, panel, first_row + row, sums + row * SPUD_PANEL_ROWS);
    return;
  }
  float *const output = p->output + panel * width;
  const size_t stride = p->output_stride;
  const int32_t *const targets = p->output_rows ? p->output_rows + first_row : NULL;
  const float *const factors = p->factors ? p->factors + first_row : NULL;
#define SPUD_EACH_ROW(statement) \
  for (int64_t row = 0; row < rows; row++, sums += SPUD_PANEL_ROWS) { \
    float *const to = output + (targets ? targets[row] : first_row + row) * stride; \
    statement; \
  }
  if (gated && (p->bias || p->epilogue != SPUD_SWIGLU)) {
    SPUD_EACH_ROW(store16(to, gated16(p, panel, sums)))
  } else if (gated) {
    SPUD_EACH_ROW(store16(to, silu16(load16(sums)) * load16(sums + 16)))
  } else if (p->bias) {
    const f32x16 low = load16(p->bias + panel * width), high = load16(p->bias + panel * width + 16);
    SPUD_EACH_ROW(const f32x16 first = load16(sums) + low; const f32x16 second = load16(sums + 16) + high;
                  const float factor = factors ? factors[row] : 1;
                  store16(to, adds ? load16(to) + factor * first : first);
                  store16(to + 16, adds ? load16(to + 16) + factor * second : second))
  } else if (!adds) {
    SPUD_EACH_ROW((store16(to, load16(sums)), store16(to + 16, load16(sums + 16))))
  } else {
    SPUD_EACH_ROW(const float factor = factors ? factors[row] : 1;
                  store16(to, load16(to) + factor * load16(sums));
                  store16(to + 16, load16(to + 16) + factor * load16(sums + 16)))
  }
#undef SPUD_EACH_ROW
}

SPUD_INLINE const uint8_t *input_row(const spud_product *p, int64_t row) {
  return p->input + (p->input_rows ? p->input_rows[row] : row) * p->input_stride;
}

/// Asks for the outputs that this panel's sums will be added to.
SPUD_INLINE void prefetch_outputs(const spud_product *p, int64_t row, int64_t end, int64_t panel) {
  for (int64_t i = row; i < end; i++) {
    const float *to = p->output + (p->output_rows ? p->output_rows[i] : i) * p->output_stride + panel * SPUD_PANEL_ROWS;
    __builtin_prefetch(to, 1, 2);
    __builtin_prefetch(to + 16, 1, 2);
  }
}

#ifdef LONE_PANELS
/// One row by LONE_PANELS panels at a time, up to LONE_ROWS rows where weights are bytes or halves of them: so many
/// streams from memory, and as many sums, none of which waits for itself. Returns the panel that is left, one of a few
/// at the end, or the end.
SPUD_APART int64_t product_of_lone_row(const spud_product *p) {
  const uint8_t *inputs[LONE_ROWS];
  for (int64_t row = 0; row < p->rows; row++) inputs[row] = input_row(p, row);
  int64_t panel = p->first_panel;
  for (; panel + LONE_PANELS <= p->last_panel; panel += LONE_PANELS) {
    const uint8_t *const weights = p->panels + panel * p->panel_bytes;
    switch (p->format) {
      case SPUD_BF16: tile_bf16_lone_of_many(weights, p->panel_bytes, p->units, inputs[0], p->workspace); break;
      case SPUD_F16: tile_f16_lone_of_many(weights, p->panel_bytes, p->units, inputs[0], p->workspace); break;
      case SPUD_F32: tile_f32_lone_of_many(weights, p->panel_bytes, p->units, inputs[0], p->workspace); break;
      default: bytes_of_many(p->format, (int)p->rows, weights, p->panel_bytes, p->units, inputs, p->workspace); break;
    }
    SPUD_EACH(i, LONE_PANELS) finish_rows(p, panel + i, 0, p->rows, p->workspace + i * p->rows * SPUD_PANEL_ROWS);
  }
#if LONE_PANELS > 2
  for (; p->rows == 1 && panel + 2 <= p->last_panel; panel += 2) {
    const uint8_t *const weights = p->panels + panel * p->panel_bytes;
    switch (p->format) {
      case SPUD_F32: tile_f32_lone(weights, p->panel_bytes, p->units, inputs[0], p->workspace); break;
      case SPUD_BF16: tile_bf16_lone(weights, p->panel_bytes, p->units, inputs[0], p->workspace); break;
      case SPUD_F16: tile_f16_lone(weights, p->panel_bytes, p->units, inputs[0], p->workspace); break;
      default: return panel;
    }
    SPUD_EACH(i, 2) finish_rows(p, panel + i, 0, 1, p->workspace + i * SPUD_PANEL_ROWS);
  }
#endif
  return panel;
}
#endif

#include "blocks_template.h"
#ifdef SPREADS_BYTES
#include "bytes_avx2.h"
#endif

static void product(const spud_product *p) {
  if (p->format >= SPUD_Q4_K) return product_of_blocks(p);
#ifdef SPREADS_BYTES
  if (p->format == SPUD_Q8_0 && p->rows > SPREADS_BYTES) return product_of_bytes(p);
#endif
  int64_t first_panel = p->first_panel;
#ifdef LONE_PANELS
  const int is_bytes = p->format == SPUD_Q8_0 || p->format == SPUD_Q4_0;
  if (p->rows <= (is_bytes ? LONE_ROWS : 1) && p->panel_bytes >= (is_bytes ? LONE_BLOCK_BYTES : LONE_PANEL_BYTES)) {
    first_panel = product_of_lone_row(p);
  }
#endif
  const tile_function tile = tile_of(p->format);
  const size_t unit_bytes = spud_unit_bytes(p->format), input_unit = input_unit_bytes(p->format);
  const int64_t slice = p->rows > ONE_PASS_ROWS ? slice_units(p->format, p->rows) : p->units;
  const int64_t blocks = (p->rows + SPUD_ROW_BLOCK - 1) / SPUD_ROW_BLOCK;
  for (int64_t block = 0; block < blocks; block++) {
    const int64_t first_row = p->rows * block / blocks, rows = p->rows * (block + 1) / blocks - first_row;
    const int64_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    const uint8_t *starts[SPUD_ROW_BLOCK], *inputs[SPUD_ROW_BLOCK];
    // Not in vectors: products of 64 bits take longer there.
#pragma clang loop vectorize(disable)
    for (int64_t row = 0; row < rows; row++) starts[row] = input_row(p, first_row + row);
    for (int64_t panel = first_panel; panel < p->last_panel; panel++) {
      const uint8_t *weights = p->panels + panel * p->panel_bytes;
      for (int64_t unit = 0; unit < p->units; unit += slice) {
        const int64_t units = spud_min(slice, p->units - unit);
        // While the rows pass over this slice, the next one comes from memory, a part with each tile.
        const uint8_t *next = weights + (unit + units) * unit_bytes;
        const int64_t part = (units * (int64_t)unit_bytes / tiles + 63) / 64 * 64;
        for (int64_t row = 0; row < rows; row++) inputs[row] = starts[row] + unit * input_unit;
        for (int64_t t = 0, row = 0, m; t < tiles; t++, row += m) {
          m = tile_height(rows, tiles, t);
          if (tiles > 1) {
            for (const uint8_t *const end = next + part; next < end; next += 64) __builtin_prefetch(next, 0, 2);
            if (unit == 0 && !is_gated(p)) prefetch_outputs(p, first_row + row, first_row + row + m,
                panel);
          }
          tile(weights + unit * unit_bytes, units, inputs + row, (int)m, p->workspace + row * SPUD_PANEL_ROWS,
              SPUD_PANEL_ROWS, p->rows <= ONE_PASS_ROWS ? ONLY_PASS : unit == 0);
        }
      }
      finish_rows(p, panel, first_row, rows, p->workspace);
    }
  }
}
