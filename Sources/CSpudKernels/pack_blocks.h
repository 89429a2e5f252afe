#pragma once
// What pack.c hands to pack_blocks.c: the formats of block_formats.h.
#include "spud_kernels.h"

/// Packs `rows` rows of a file's blocks of the same type; see spud_pack_rows.
void spud_pack_block_rows(spud_format format, uint8_t *panel, int64_t row, const uint8_t *source, size_t row_bytes,
    int64_t rows, int64_t columns);
/// Reads one row of a panel back; see spud_unpack_row.
void spud_unpack_block_row(spud_format format, const uint8_t *panel, int64_t row, int64_t columns, float *output);
