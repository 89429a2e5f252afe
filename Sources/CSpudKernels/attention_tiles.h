// Attention of positions that were read, in tiles of bfloat16: included by tiles_amx.h. Keys lie in pages as weights do
// in panels; values become pairs of positions on the way. What a row's sums run over depends on its own position
// alone: positions that it does not see have a probability of zero, which adds nothing.

/// Whether a value that some rows see and others do not is infinite or no number: zero times it is not zero.
static int parts_on_odd_values(const spud_attention *a) {
  int64_t ends[2] = {a->lengths[0], a->lengths[0]}, starts[2] = {a->starts[0], a->starts[0]};
  for (int64_t row = 1; row < a->rows; row++) {
    ends[0] = spud_min(ends[0], a->lengths[row]), ends[1] = spud_max(ends[1], a->lengths[row]);
    starts[0] = spud_min(starts[0], a->starts[row]), starts[1] = spud_max(starts[1], a->starts[row]);
  }
  u16x32 largest = {0};
  for (int part = 0; part < 2; part++) {
    for (int64_t at = part ? starts[0] : ends[0]; at < (part ? starts[1] : ends[1]); at++) {
      const uint8_t *const values = values_at(a, at);
      for (int64_t column = 0; column < a->head_width; column += 32) {
        u16x32 bits = {0};
        memcpy(&bits, values + 2 * column, 2 * (size_t)spud_min(32, a->head_width - column));
        largest = __builtin_elementwise_max(largest, bits & 0x7fff);
      }
    }
  }
  return __builtin_reduce_max(largest) >= 0x7f80;
}

/// scores[row][position] of a page of keys.
SPUD_INLINE void score_page(const spud_attention *a, const uint8_t *keys, const int both, float *scores) {
  const size_t stride = a->prepared_stride, lower = TILE_HEIGHT * stride;
  zero_sums(1 + both);
  for (int64_t column = 0; column < a->head_width; column += STEP_COLUMNS) {
    _Alignas(64) uint8_t last[STEP_BYTES];
    const uint8_t *step = keys + column / STEP_COLUMNS * STEP_BYTES;
    if (column + STEP_COLUMNS > a->head_width) {  // columns that do not fill a step
      const size_t there = (size_t)(a->key_units - column / 2) * SPUD_FLOAT_UNIT_BYTES;
      memcpy(last, step, there);
      memset(last + there, 0, sizeof last - there);
      step = last;
    }
    const uint8_t *const queries = a->prepared + 2 * column;
    _tile_loadd(6, step, SPUD_FLOAT_UNIT_BYTES);
    _tile_loadd(4, queries, stride);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, step + SPUD_FLOAT_UNIT_BYTES / 2, SPUD_FLOAT_UNIT_BYTES);
    _tile_dpbf16ps(1, 4, 7);
    if (!both) continue;
    _tile_loadd(5, queries + lower, stride);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  store_sums(1 + both, scores, a->score_stride);
}

/// 32 columns of a page's values up to `count` positions as tiles, [2][16 pairs of positions][16 columns][2], zeros
/// behind: in the first the columns 8k…8k+3, in the second 8k+4…8k+7.
SPUD_INLINE void pair_values(const uint8_t *values, size_t stride, int64_t count, uint8_t *to) {
  SPUD_EACH(pair, 16) {
    __m512i first = _mm512_setzero_si512(), second = first;
    if (2 * pair < count) first = _mm512_loadu_si512(values + 2 * pair * stride);
    if (2 * pair + 1 < count) second = _mm512_loadu_si512(values + (2 * pair + 1) * stride);
    _mm512_storeu_si512(to + 64 * pair, _mm512_unpacklo_epi16(first, second));
    _mm512_storeu_si512(to + TILE_BYTES + 64 * pair, _mm512_unpackhi_epi16(first, second));
  }
}

/// 32 columns of the outputs of all rows, from probabilities that are bfloat16, [rows][positions].
SPUD_INLINE void combine_pages(const spud_attention *a, int64_t column, int64_t longest, const int both,
    const float *sums) {
  _Alignas(64) uint8_t paired[2][STEP_BYTES];
  _Alignas(64) float outputs[2 * TILE_HEIGHT * 32];
  const size_t score_bytes = a->score_stride * sizeof(float);
  zero_sums(1 + both);
  pair_values(values_at(a, 0) + 2 * column, a->value_stride, longest, paired[0]);
  for (int64_t page = 0; page * 32 < longest; page++) {
    const uint8_t *const weights = paired[page % 2], *const scores = (const uint8_t *)a->scores + 64 * page;
    _tile_loadd(6, weights, 64);
    _tile_loadd(4, scores, score_bytes);
    _tile_dpbf16ps(0, 4, 6);
    _tile_loadd(7, weights + TILE_BYTES, 64);
    _tile_dpbf16ps(1, 4, 7);
    if (both) {
      _tile_loadd(5, scores + TILE_HEIGHT * score_bytes, score_bytes);
      _tile_dpbf16ps(2, 5, 6);
      _tile_dpbf16ps(3, 5, 7);
    }
    const int64_t next = 32 * (page + 1);  // beside the products
    if (next + 32 <= longest) {
      pair_values(values_at(a, next) + 2 * column, a->value_stride, 32, paired[(page + 1) % 2]);
    } else if (next < longest) {
      pair_values(values_at(a, next) + 2 * column, a->value_stride, longest - next, paired[(page + 1) % 2]);
    }
  }
  store_sums(1 + both, outputs, 32);
  for (int64_t row = 0; row < a->rows; row++) {
    const f32x16 low = load16(outputs + 32 * row), high = load16(outputs + 32 * row + 16);
    write_columns(a, row, column, 1.0f / sums[row],
        __builtin_shufflevector(low, high, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23));
    write_columns(a, row, column + 16, 1.0f / sums[row],
        __builtin_shufflevector(low, high, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31));
  }
}

SPUD_INLINE void attend_in_tiles(const spud_attention *a, const int both) {
  int64_t longest = 0;
  for (int64_t row = 0; row < a->rows; row++) longest = spud_max(longest, a->lengths[row]);
  const int64_t padded = (longest + 31) / 32 * 32;
  for (int64_t page = 0; page * 32 < longest; page++) {
    score_page(a, a->keys[page] + a->key_offset, both, a->scores + 32 * page);
  }
  float sums[SPUD_READ_QUERIES];
  for (int64_t row = 0; row < a->rows; row++) {
    float *const scores = a->scores + row * a->score_stride;
    sums[row] = probabilities(a, row, scores);
    for (int64_t i = a->lengths[row]; i < padded; i++) scores[i] = 0;
    pair_scores(scores, padded);
  }
  for (int64_t column = 0; column < a->head_width; column += 32) combine_pages(a, column, longest, both, sums);
}

static void attention_of_read(const spud_attention *a) {
  if (a->rows > 1 && parts_on_odd_values(a)) {
    for (int64_t row = 0; row < a->rows; row++) {
      spud_attention one = *a;
      one.rows = 1;
      one.queries += row, one.outputs += row, one.lengths += row, one.starts += row;
      if (a->sinks) one.sinks += row;
      attention_of_read(&one);
    }
    return;
  }
  prepare_queries(a);
  begin_tiles();
  if (a->rows > TILE_HEIGHT) {
    attend_in_tiles(a, 1);
  } else {
    attend_in_tiles(a, 0);
  }
  _tile_release();
}
