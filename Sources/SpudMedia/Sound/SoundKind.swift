/// The formats that libsndfile decodes for us, known by their first bytes.
enum SoundKind: String {
  case wav = "WAV"
  case flac = "FLAC"
  case ogg = "OGG"
  case mp3 = "MP3"

  init?(_ bytes: [UInt8]) {
    let isMPEG = bytes.count >= 2 && bytes[0] == 0xFF && bytes[1] & 0xE0 == 0xE0
    switch String(decoding: bytes.prefix(4), as: UTF8.self) {
    case "RIFF" where bytes.count < 12 || bytes.hasTag("WAVE", at: 8): self = .wav
    case "RF64", "BW64": self = .wav
    case "riff" where Wave64File.isWave64(bytes): self = .wav
    case "fLaC": self = .flac
    case "OggS": self = .ogg
    case let start where start.hasPrefix("ID3") || isMPEG: self = .mp3
    default: return nil
    }
  }

  /// The recordings that the file holds, one after the other, each as a file of its own with true lengths.
  ///
  /// - Parameter remarks: gains what is missing of what the file announces.
  /// - Returns: nil if the file only looks like this format.
  /// - Throws: `badData` if nothing can be made of it.
  func recordings(in bytes: [UInt8], name: String, remarks: inout [String]) throws -> [[UInt8]]? {
    switch self {
    case .wav where Wave64File.isWave64(bytes):
      return try [Wave64File.recording(in: bytes, name: name, remarks: &remarks)]
    case .wav: return try WAVFile.recordings(in: bytes, name: name, remarks: &remarks)
    case .flac: return FLACFile.recordings(in: bytes)
    case .ogg: return try OggFile.recordings(in: bytes, name: name, remarks: &remarks)
    case .mp3: return try MP3File.recordings(in: bytes, name: name, remarks: &remarks)
    }
  }
}
