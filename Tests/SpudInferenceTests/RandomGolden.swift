/// Written by Scripts/goldens/random_generator.py; do not edit.
enum RandomGolden {
  static let seed0: [UInt64] = [
    0x53175D61490B23DF, 0x61DA6F3DC380D507, 0x5C0FDF91EC9A7BFC, 0x02EEBF8C3BBE5E1A,
  ]
  static let seed42: [UInt64] = [
    0xD0764D4F4476689F, 0x519E4174576F3791, 0xFBE07CFB0C24ED8C, 0xB37D9F600CD835B8,
  ]
}
