import Glibc
import SpudErrors

/// The `ffmpeg` program: it decodes what our libraries cannot, in a process of its own.
///
/// The file reaches it as an unnamed copy on its standard input: its name is never an argument, it may open no
/// other file or address (`-protocol_whitelist`), and formats that refer to other files, such as playlists, are
/// not among those that it may recognise (`-format_whitelist`). `prlimit`, from Debian's essential util-linux,
/// bounds its memory, processor time and files before it starts.
struct FFmpeg {
  private let program: String
  private let limiter: String?
  private let name: String

  /// - Parameter name: what errors call the file.
  /// - Throws: `unavailable` if the program is not installed.
  init(for name: String, found: String, limits: MediaLimits) throws {
    // SAFETY: `getenv` returns nil or a terminated string, copied at once.
    let inherited = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? "/usr/bin:/bin"
    let searchPath = limits.programSearchPath ?? inherited
    guard let program = ChildProcess.find("ffmpeg", in: searchPath) else {
      throw SpudError(
        .unavailable, "\(name): \(found) needs the program 'ffmpeg', which is not installed (apt install ffmpeg)")
    }
    self.program = program
    self.name = name
    limiter = ChildProcess.find("prlimit", in: searchPath) ?? ChildProcess.find("prlimit", in: "/usr/bin:/bin")
  }

  /// What a file may be.
  enum Kind: String {
    case picture, recording, video

    /// The demuxers that may recognise it.
    var formats: String {
      let containers = "mov,matroska,webm,avi,asf,flv,mpegts,mpeg,ogg"
      let pictures =
        "png_pipe,jpeg_pipe,jpegls_pipe,webp_pipe,gif,gif_pipe,apng,bmp_pipe,tiff_pipe,qoi_pipe,jpegxl_pipe,j2k_pipe,"
        + "pbm_pipe,pgm_pipe,ppm_pipe,pam_pipe,pfm_pipe,psd_pipe,sgi_pipe,sunrast_pipe,pcx_pipe,xbm_pipe,xpm_pipe,"
        + "dds_pipe,exr_pipe,ico"
      let sounds = "aac,ac3,eac3,aiff,amr,ape,au,caf,dts,flac,mp3,mpc,mpc8,tta,w64,wav,wv"
      switch self {
      case .picture: return "\(pictures),mov"
      case .recording: return "\(sounds),\(containers)"
      case .video: return "\(containers),gif,apng,m4v,mpegvideo,h264,hevc,obu,ivf,mjpeg,dv,nut,rm,mxf,yuv4mpegpipe"
      }
    }
  }

  /// Decodes the first picture of a file.
  func picture(_ bytes: [UInt8], limits: MediaLimits) throws -> RGBImage {
    var frames = PAMFrames(name: name, limits: limits)
    var first: RGBImage?
    let hasPicture = try run(
      .picture, bytes, seconds: limits.imageDecodingSeconds, pixels: limits.imagePixels,
      outputBytes: limits.imagePixels * 4 + 1_024,
      output: ["-map", "0:v:0", "-frames:v", "1", "-c:v", "pam", "-pix_fmt", "rgba", "-f", "image2pipe"]
    ) { piece in
      try frames.append(piece) { first = first ?? $0 }
    }
    guard hasPicture, let first, frames.isAtBoundary else {
      throw SpudError(.badData, "\(name): ffmpeg found no picture in it")
    }
    return first
  }

  /// Decodes a recording, or the sound of a video, to one channel at the rate of the file.
  ///
  /// - Parameter kind: if it is `.video`, the sound is padded or cut to start with the first frame.
  /// - Returns: nil if there is no sound.
  func sound(of kind: Kind, _ bytes: [UInt8], limits: MediaLimits) throws -> Waveform? {
    let seconds = kind == .video ? min(limits.audioSeconds, limits.videoSeconds) : limits.audioSeconds
    // 32-bit samples. One second more than the limit, so that a longer sound is told from one that fits.
    let most = Int((seconds + 2) * Double(limits.audioRates.upperBound)) * 4 + 4_096
    var wav: [UInt8] = []
    let alignment = kind == .video ? ["-af", "aresample=async=1:first_pts=0"] : []
    let hasSound = try run(
      kind, bytes, seconds: limits.audioDecodingSeconds, pixels: limits.imagePixels, outputBytes: most,
      output: ["-map", "0:a:0", "-t", "\(seconds + 1)"] + alignment
        + ["-ac", "1", "-c:a", "pcm_f32le", "-bitexact", "-f", "wav"]
    ) { wav += $0 }
    guard hasSound else { return nil }
    return try Waveform.decodeBySndfile(wav, name: name, limits: limits)
  }

  /// Decodes the frames of a video, at `framesPerSecond` or, if that gives too many, at half, a quarter, … of it.
  func frames(
    _ bytes: [UInt8], framesPerSecond: Double, limits: MediaLimits
  ) throws -> (frames: [RGBImage], framesPerSecond: Double) {
    let side = limits.videoFrameSide
    let most = Int((limits.videoSeconds * framesPerSecond).rounded(.up))
    var stream = PAMFrames(name: name, limits: limits)
    var sampler = FrameSampler(limit: limits.videoFrames)
    // Frames larger than `side` are reduced to fit it; their shape stays.
    let filter =
      "fps=\(framesPerSecond),"
      + "scale=w='min(iw,\(side))':h='min(ih,\(side))':force_original_aspect_ratio=decrease:flags=area"
    let hasPictures = try run(
      .video, bytes, seconds: limits.videoDecodingSeconds, pixels: limits.imagePixels,
      outputBytes: (most + 2) * (side * side * 3 + 128),
      output: [
        "-map", "0:v:0", "-t", "\(limits.videoSeconds + 2 / framesPerSecond)", "-vf", filter,
        "-c:v", "pam", "-pix_fmt", "rgb24", "-f", "image2pipe",
      ]
    ) { piece in
      try stream.append(piece) { frame in sampler.append(frame) }
    }
    guard sampler.seen <= most else {
      throw SpudError(.badData, "\(name): the video lasts longer than the \(limits.videoSeconds) seconds accepted")
    }
    guard hasPictures, !sampler.frames.isEmpty, stream.isAtBoundary else {
      throw SpudError(.badData, "\(name): ffmpeg found no frames in it")
    }
    return (sampler.frames, framesPerSecond / Double(sampler.stride))
  }

  /// Runs the program and hands its output on.
  ///
  /// - Returns: whether the file has the stream that `output` maps.
  private func run(
    _ kind: Kind, _ bytes: [UInt8], seconds: Double, pixels: Int, outputBytes: Int, output: [String],
    receive: (ArraySlice<UInt8>) throws -> Void
  ) throws -> Bool {
    var command = [program, "-nostdin", "-hide_banner", "-loglevel", "error", "-xerror", "-max_alloc", "\(256 << 20)"]
    command += ["-threads", "1", "-max_pixels", "\(pixels)"]
    command += ["-protocol_whitelist", "file", "-format_whitelist", kind.formats, "-i", "file:/dev/stdin"]
    command += ["-threads", "1"] + output + ["-fs", "\(outputBytes)", "pipe:1"]
    if let limiter {
      // At the soft limit comes SIGXCPU, which says why; at the hard one SIGKILL, which does not.
      let processor = Int(seconds.rounded(.up)) + 1
      let limits = ["--as=\(2 << 30)", "--cpu=\(processor):\(processor + 1)", "--fsize=\(1 << 20)"]
      command = [limiter] + limits + ["--nofile=64", "--core=0", "--"] + command
    }
    let child = ChildProcess(
      program: command[0], arguments: Array(command.dropFirst()), seconds: seconds, outputBytes: outputBytes)
    let result = try child.run(input: bytes, receive: receive)
    switch result.ending {
    case .exited(status: 0): return true
    case .ranTooLong, .killed(signal: SIGXCPU):
      throw SpudError(.badData, "\(name): ffmpeg did not decode the \(kind) within the \(seconds) seconds accepted")
    case .wroteTooMuch:
      throw SpudError(
        .badData, "\(name): the \(kind) decodes to more than the \(outputBytes) bytes accepted")
    case .exited, .killed:
      if result.messages.contains("matches no streams") { return false }
      throw SpudError(.badData, "\(name): ffmpeg cannot decode it as a \(kind): '\(reason(result))'")
    }
  }

  /// The last line that the program wrote, without the made-up name of its input and the addresses of its parts.
  private func reason(_ result: ChildProcess.Result) -> String {
    let lines = result.messages.split(separator: "\n")
    guard let line = lines.last(where: { $0.contains(": ") }) ?? lines.last else { return "\(result.ending)" }
    var text = Substring(String(line).replacing("file:/dev/stdin: ", with: ""))
    while text.hasPrefix("["), let end = text.firstRange(of: "] ") { text = text[end.upperBound...] }
    return String(text)
  }
}
