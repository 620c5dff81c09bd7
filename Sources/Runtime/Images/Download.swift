// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import CLinux
import ImageFormats
import LinuxSystem
import NetworkTypes

/// Loads one URL into a partial file: follows redirects, and continues where it was when an answer was cut.
///
/// What fails before a byte came is not tried again here: whoever pulls does that, and others need not wait meanwhile.
/// It blocks its thread.
final class Download: TransferSink {
    /// How often and how fast a download that was cut is continued.
    struct Patience: Hashable, Sendable {
        /// The most failures in a row; bytes that came begin a new row, and before the first byte there is one already.
        var failures = 2
        /// The most failures at all.
        var allFailures = 100
        /// The first pause; each further one is twice as long.
        var firstPauseMilliseconds = 1000
        /// The longest pause.
        var longestPauseMilliseconds = 60_000
    }

    /// How it ended well.
    enum Outcome: Hashable, Sendable {
        /// All bytes are in the partial file; what the server calls them.
        case loaded(etag: String?)
        /// The store has the same content already.
        case unchanged
    }

    private let source: ImageSource
    private let credentials: Credentials?
    /// For whom other credentials are that were given and are not sent; nil where there are none.
    private let withheld: String?
    private let allowed: [EndpointRange]
    private let known: String?
    /// Whether a redirect may lead from HTTPS to HTTP: a digest proves the content then.
    private let allowsClearText: Bool
    private let part: PartialFile
    private let patience: Patience
    private let pace: Transfer.Pace
    private let cancel: CancelFlag
    private let report: @Sendable (PullProgress) -> Void
    private let deadline: Int64?

    private var progress = PullProgress(phase: .loading)
    private var reportedAt: Int64 = 0
    private var requestedOffset: UInt64 = 0
    private var etag: String?
    private var failures = 1
    private var allFailures = 0
    private var hasRestarted = false
    /// What is being asked: the source, or where it redirects to.
    private var current: DownloadURL

    private var operation: String { "load \(source.url)" }

    /// An error of the server that is being asked, which is named where a redirect led to it.
    private func failure(
        _ code: ImageError.Code,
        _ cause: String,
        advice: String? = nil
    ) -> ImageError {
        let place = current.text == source.url.text ? "" : "it is redirected to \(current), where "
        return ImageError(code, operation, place + cause, advice: advice)
    }

    init(
        _ source: ImageSource,
        credentials: Credentials?,
        withheld: String?,
        allowed: [EndpointRange],
        known: String?,
        allowsClearText: Bool,
        into part: PartialFile,
        patience: Patience,
        pace: Transfer.Pace,
        cancel: CancelFlag,
        report: @escaping @Sendable (PullProgress) -> Void
    ) {
        self.source = source
        // The operator's word on this URL goes before the pull's.
        self.credentials = source.url.credentials ?? credentials
        self.withheld = withheld
        self.allowed = allowed
        current = source.url
        self.known = known
        self.allowsClearText = allowsClearText
        self.part = part
        self.patience = patience
        self.pace = pace
        self.cancel = cancel
        self.report = report
        deadline = source.profile.timeoutMilliseconds.map { monotonicMicroseconds() + Int64($0) * 1000 }
    }

    /// Loads it.
    func run() throws(ImageError) -> Outcome {
        try part.takeUp()
        var url = source.url
        var redirects = 0
        // Each round is a redirect or a failure, and both are counted.
        for _ in 0...patience.allFailures * (source.profile.mostRedirects + 1) {
            let before = part.received
            current = url
            switch try request(url) {
            case .outcome(let outcome): return outcome
            case .redirect(let next):
                redirects += 1
                url = try follow(next, from: url, redirects)
            case .anew: (url, redirects) = (source.url, 0)
            case .again(let trouble, let pause):
                try wait(after: trouble, asked: pause, gained: part.received != before)
                (url, redirects) = (source.url, 0)
            }
        }
        throw failure(.unreachable, "it failed too often")
    }

    // MARK: one request

    private enum Step {
        case outcome(Outcome)
        case redirect(String)
        /// What was here does not go on: the whole is asked for.
        case anew
        /// What went wrong, and the seconds that the server asks to wait.
        case again(String, Int?)
    }

    private func request(_ url: DownloadURL) throws(ImageError) -> Step {
        let validator = part.validator
        requestedOffset = validator == nil ? 0 : part.received
        let proxy = ProxyChoice().proxy(for: url, source.profile)
        let pinned = try proxy.map { proxy throws(ImageError) in try judge(url, behind: proxy) } ?? []
        let request = Transfer.Request(
            url: url,
            profile: source.profile,
            proxy: proxy,
            pinned: pinned,
            allowed: allowed,
            credentials: url.isSameOrigin(as: source.url) ? credentials : nil,
            offset: requestedOffset,
            validator: validator,
            known: known,
            milliseconds: try remaining(),
            pace: pace
        )
        switch Transfer.perform(request, into: self) {
        case .answered(let response): return try judge(response)
        case .refused(let refusal):
            throw failure(.refused, refusal.cause(url.host), advice: refusal.advice)
        case .stopped(let error?): throw error
        case .stopped(nil): throw ImageError(.cancelled, operation, "the pull was cancelled")
        case .failed(let code, let text):
            // A time limit of the whole pull that is over can't be met any more.
            _ = try remaining()
            guard Self.isPassing(code) else { throw failure(code, text) }
            return .again(text, nil)
        }
    }

    /// Judges a host that a proxy connects to, as far as we know its addresses.
    ///
    /// A proxy of the node itself would reach the node's own services.
    /// - Returns: The addresses, where it is we who tell the proxy which one to connect to.
    private func judge(_ url: DownloadURL, behind proxy: String) throws(ImageError) -> [IPAddress] {
        let addresses = HostLookup.addresses(of: url.host, seconds: Self.lookupSeconds)
        let refusals = (addresses ?? []).compactMap {
            LocalAddressRefusal($0, port: UInt16(clamping: url.port), allowed: allowed)
        }
        if let refusal = refusals.first {
            throw failure(.refused, refusal.cause(url.host), advice: refusal.advice)
        }
        guard proxy.hasPrefix("socks5://") || proxy.hasPrefix("socks4://") else { return [] }
        guard let addresses else {
            throw failure(
                .unreachable,
                "\(url.host) has no address that is known here",
                advice: "Let the proxy find it: socks5h:// instead of socks5://."
            )
        }
        return IPAddress(bareHost(url.host)) == nil ? addresses : []
    }

    private static let lookupSeconds = 2

    private func remaining() throws(ImageError) -> Int? {
        guard let deadline, let limit = source.profile.timeoutMilliseconds else { return nil }
        let rest = (deadline - monotonicMicroseconds()) / 1000
        guard rest > 0 else {
            throw failure(
                .unreachable,
                "it took more than the \(limit) ms that its transport profile allows"
            )
        }
        return Int(rest)
    }

    private func judge(_ response: Transfer.Response) throws(ImageError) -> Step {
        switch response.status {
        case 200, 206:
            // The rest that was asked for is there; libcurl has compared it with the length.
            return .outcome(.loaded(etag: etag))
        case 304:
            part.remove()
            return .outcome(.unchanged)
        case 301, 302, 303, 307, 308:
            guard let next = response.redirect else {
                throw failure(
                    .protocolFailure,
                    "the server answers \(response.status), a redirect, without Location"
                )
            }
            return .redirect(next)
        case 416:
            // What is there is longer than the file, or all of it.
            if let range = response.headers["content-range"], range == "bytes */\(part.received)" {
                return .outcome(.loaded(etag: part.validator.flatMap { $0.hasPrefix("\"") ? $0 : nil }))
            }
            try part.restart(validator: nil, total: nil)
            guard !hasRestarted else { return .again(ServerAnswer(response, current).cause, nil) }
            hasRestarted = true
            return .anew
        case 401, 403, 407: throw refused(response)
        case 404, 410: throw failure(.absent, ServerAnswer(response, current).cause)
        case 408, 425, 429, 500, 502, 503, 504:
            return .again(
                ServerAnswer(response, current).cause,
                response.headers["retry-after"].flatMap { Int($0) }
            )
        default: throw failure(.protocolFailure, ServerAnswer(response, current).cause)
        }
    }

    /// The error where a server does not let us in.
    private func refused(_ response: Transfer.Response) -> ImageError {
        let answer = ServerAnswer(response, current)
        let isSent = credentials != nil && current.isSameOrigin(as: source.url)
        let advice: String
        if let signed = answer.signatureAdvice {
            advice = signed
        } else if response.status == 407 {
            advice = "Put the proxy's user and password into its URL: http://user:password@host:port."
        } else if isSent {
            advice =
                "Check the user and password, or the token, of "
                + (source.url.credentials == nil ? "the pull." : "the translation's URL.")
        } else if let withheld {
            advice =
                "The pull's credentials are for \(withheld) and were not sent to \(current.authority). "
                + "Give the pod a secret for \(current.authority), or put user and password into the translation's URL."
        } else if credentials != nil {
            advice = "Credentials are not sent to where a redirect leads: name the server itself."
        } else if response.status == 401 {
            advice =
                "No credentials were given: name a secret in the pod's imagePullSecrets, or put user and "
                + "password into the translation's URL."
        } else {
            advice = "See whether everybody may read the file; no credentials were given."
        }
        return failure(.unauthorized, answer.cause, advice: advice)
    }

    private func follow(
        _ text: String,
        from url: DownloadURL,
        _ redirects: Int
    ) throws(ImageError) -> DownloadURL {
        guard redirects <= source.profile.mostRedirects else {
            throw failure(
                .protocolFailure,
                "it is redirected more than \(source.profile.mostRedirects) times"
            )
        }
        let next: DownloadURL
        do throws(ImageError) {
            next = try DownloadURL(text)
        } catch {
            throw ImageError(
                .protocolFailure,
                operation,
                "it is redirected to \(DownloadURL.withoutSecrets(text)): \(error.cause)",
                advice: "Tell those who run \(url.authority)."
            )
        }
        guard next.scheme == "https" || url.scheme == "http" || allowsClearText else {
            throw ImageError(
                .protocolFailure,
                operation,
                "it is redirected from HTTPS to \(next), where anybody on the way can change it",
                advice: "Name the image with its digest: <name>@sha256:…"
            )
        }
        return next
    }

    // MARK: trying again

    private func wait(after trouble: String, asked: Int?, gained: Bool) throws(ImageError) {
        failures = gained ? 1 : failures + 1
        allFailures += 1
        guard failures < patience.failures, allFailures < patience.allFailures else {
            throw failure(
                .unreachable,
                allFailures == 1 ? trouble : "\(trouble) (after \(allFailures) tries)"
            )
        }
        let own = min(
            patience.firstPauseMilliseconds << min(failures - 1, 20),
            patience.longestPauseMilliseconds
        )
        // A fifth at random: pullers that failed together do not all ask again at once.
        let pause = asked.map { min(max($0, 0), 3600) * 1000 } ?? own + Int.random(in: 0...own / 5)
        progress.phase = .retrying
        progress.trouble = trouble
        report(progress)
        let end = monotonicMicroseconds() + Int64(min(pause, patience.longestPauseMilliseconds * 2)) * 1000
        while monotonicMicroseconds() < end {
            if cancel.isSet { throw ImageError(.cancelled, operation, "the pull was cancelled") }
            _ = try remaining()
            usleep(50_000)
        }
        progress.phase = .loading
    }

    /// Whether a failure may pass by itself.
    private static func isPassing(_ code: CURLcode) -> Bool {
        [
            CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_CONNECT,
            CURLE_OPERATION_TIMEDOUT, CURLE_PARTIAL_FILE, CURLE_GOT_NOTHING, CURLE_SEND_ERROR,
            CURLE_RECV_ERROR,
            CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_SSL_CONNECT_ERROR, CURLE_AGAIN,
        ].contains(code)
    }

    private func failure(_ code: CURLcode, _ text: String) -> ImageError {
        switch code {
        case CURLE_PEER_FAILED_VERIFICATION:
            failure(
                .protocolFailure,
                "the certificate of \(current.authority) is not trusted: \(text)",
                advice: "Put the authority's certificate into the transport profile's tls.certificates."
            )
        case CURLE_SSL_CERTPROBLEM:
            failure(.configuration, "the transport profile's certificate can't be used: \(text)")
        default: failure(.protocolFailure, "\(text) (libcurl's code \(code.rawValue))")
        }
    }

    // MARK: the sink

    var isStopped: Bool { cancel.isSet }

    func begin(_ response: Transfer.Response) throws(ImageError) {
        let strong = response.headers["etag"].flatMap { $0.hasPrefix("W/") ? nil : $0 }
        let validator = (strong ?? response.headers["last-modified"]).flatMap {
            PartialFile.isPlain($0) ? $0 : nil
        }
        if let encoding = ContentEncoding.real(response.headers["content-encoding"] ?? "") {
            throw failure(
                .protocolFailure,
                "the server sends it with Content-Encoding: \(encoding), though asked for none",
                advice: "Have the server send the image as it is, unpacked and without this header."
            )
        }
        etag = strong.flatMap { PartialFile.isPlain($0) ? $0 : nil }
        if response.status == 206 {
            guard requestedOffset > 0,
                response.headers["content-range"]?.hasPrefix("bytes \(requestedOffset)-") == true
            else {
                throw failure(
                    .protocolFailure,
                    "asked for the bytes from \(requestedOffset) on, the server sends another part: "
                        + "Content-Range: \(excerpt(response.headers["content-range"] ?? "none"))"
                )
            }
            try part.makeSure(of: response.length ?? 0)
        } else {
            try part.restart(validator: validator, total: response.length)
        }
        progress.total = response.length.map { $0 + part.received }
        tell(now: true)
    }

    func take(_ bytes: UnsafeRawBufferPointer) throws(ImageError) {
        try part.append(bytes)
        tell(now: false)
    }

    private func tell(now: Bool) {
        let time = monotonicMicroseconds()
        guard now || time - reportedAt > 200_000 else { return }
        reportedAt = time
        progress.received = part.received
        report(progress)
    }
}
