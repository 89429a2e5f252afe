import Glibc
import SpudErrors

/// The `ffmpeg` program: it decodes what our libraries cannot, in a process of its own.
///
/// The file reaches it as an unnamed copy on its standard input: its name is never an argument, it may open no
/// other file or address (`-protocol_whitelist`), and formats that refer to other files, such as playlists, are
/// not among those that it may recognise (`-format_whitelist`). `prlimit`, from Debian's essential util-linux,
/// bounds its memory, processor time and files before it starts.
///
/// Of a file that is damaged or cut short it decodes what it can, and complains on standard error.
struct FFmpeg {
  let name: String
  private let program: String
  private let limiter: String?

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
      case .picture: return "\(pictures),ivf,hevc,mov"
      case .recording: return "\(sounds),\(containers)"
      case .video: return "\(containers),gif,apng,m4v,mpegvideo,h264,hevc,obu,ivf,mjpeg,dv,nut,rm,mxf,yuv4mpegpipe"
      }
    }
  }

  /// One run of the program.
  struct Job {
    var kind: Kind
    /// Seconds until it is killed.
    var seconds: Double
    /// Pixels of a frame at which decoding is refused.
    var pixels: Int
    /// Bytes of output at which it ends.
    var outputBytes: Int
    /// The options that say what is wanted of the file, without the place where it goes.
    var output: [String]
  }

  enum Outcome: Equatable {
    /// The file has no stream of the kind that the output asks for.
    case noStream
    /// It ran to its end; the complaint is what it said about the file, if anything.
    case ended(complaint: String?)
  }

  /// Runs the program and hands its output on.
  ///
  /// - Throws: `badData` if it was ended by a limit.
  func run(_ job: Job, _ bytes: [UInt8], receive: (ArraySlice<UInt8>) throws -> Void) throws -> Outcome {
    let result = try child(job, logging: "error").run(input: bytes, receive: receive)
    switch result.ending {
    case .exited(status: 0) where result.messages.isEmpty: return .ended(complaint: nil)
    case .exited: return result.messages.contains("matches no streams") ? .noStream : .ended(complaint: reason(result))
    case .ranTooLong, .killed(signal: SIGXCPU):
      throw SpudError(
        .badData, "\(name): ffmpeg did not decode the \(job.kind) within the \(job.seconds) seconds accepted")
    case .wroteTooMuch:
      throw SpudError(
        .badData, "\(name): the \(job.kind) decodes to more than the \(job.outputBytes) bytes accepted")
    case .killed: throw failure(job.kind, reason(result))
    }
  }

  /// Nothing could be decoded.
  func failure(_ kind: Kind, _ complaint: String?) -> SpudError {
    SpudError(.badData, "\(name): ffmpeg cannot decode it as a \(kind): '\(complaint ?? "it gives nothing")'")
  }

  /// What to say about a file of which only a part was decoded.
  ///
  /// - Parameters:
  ///   - complaint: the program's.
  ///   - seconds: how much was decoded.
  func remark(_ kind: Kind, _ bytes: [UInt8], complaint: String, seconds: Double) -> String {
    var extent = "\(Remarks.seconds(seconds)) seconds"
    if let announced = announcedSeconds(kind, bytes), announced > seconds + 0.005 {
      extent = "\(Remarks.seconds(seconds)) of the \(Remarks.seconds(announced)) seconds announced"
    }
    return "\(name): the \(kind) is damaged or cut short: \(extent) could be read, and ffmpeg says '\(complaint)'"
  }

  /// The duration in the header of a file, if it has one.
  private func announcedSeconds(_ kind: Kind, _ bytes: [UInt8]) -> Double? {
    let job = Job(
      kind: kind, seconds: 5, pixels: 1 << 24, outputBytes: 1 << 12, output: ["-map", "0", "-t", "0", "-f", "null"])
    guard let messages = try? child(job, logging: "info").run(input: bytes, receive: { _ in }).messages,
      !messages.contains("Estimating duration"),
      let start = messages.firstRange(of: "Duration: ")
    else { return nil }
    let digits = messages[start.upperBound...].prefix { $0.isNumber || $0 == ":" || $0 == "." }
    let parts = digits.split(separator: ":").compactMap { Double($0) }
    return parts.count == 3 ? (parts[0] * 60 + parts[1]) * 60 + parts[2] : nil
  }

  private func child(_ job: Job, logging level: String) -> ChildProcess {
    var command = [program, "-nostdin", "-hide_banner", "-loglevel", level, "-max_alloc", "\(256 << 20)"]
    command += ["-threads", "1", "-max_pixels", "\(job.pixels)"]
    command += ["-protocol_whitelist", "file", "-format_whitelist", job.kind.formats, "-i", "file:/dev/stdin"]
    command += ["-threads", "1"] + job.output + ["-fs", "\(job.outputBytes)", "pipe:1"]
    if let limiter {
      // At the soft limit comes SIGXCPU, which says why; at the hard one SIGKILL, which does not.
      let processor = Int(job.seconds.rounded(.up)) + 1
      let limits = ["--as=\(2 << 30)", "--cpu=\(processor):\(processor + 1)", "--fsize=\(1 << 20)"]
      command = [limiter] + limits + ["--nofile=64", "--core=0", "--"] + command
    }
    return ChildProcess(
      program: command[0], arguments: Array(command.dropFirst()), seconds: job.seconds, outputBytes: job.outputBytes)
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
