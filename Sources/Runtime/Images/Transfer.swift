// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import CCurl
import CLinux
import ImageFormats
import NetworkTypes

/// What takes the body of an answer, on the transfer's thread.
protocol TransferSink: AnyObject {
    /// The body of an answer 200 or 206 begins.
    func begin(_ response: Transfer.Response) throws(ImageError)
    /// A part of the body.
    func take(_ bytes: UnsafeRawBufferPointer) throws(ImageError)
    /// Whether to stop; asked about once a second at least.
    var isStopped: Bool { get }
}

/// One request by libcurl, which blocks its thread; redirects are not followed.
final class Transfer {
    /// What is asked for.
    struct Request {
        let url: DownloadURL
        let profile: TransportProfile
        /// The proxy's URL; nil where the server is connected to directly, and its address is judged.
        var proxy: String?
        /// What is known of the host's addresses already, so that no other is connected to.
        var pinned: [IPAddress] = []
        /// Local addresses that may be connected to.
        var allowed: [EndpointRange] = []
        var credentials: Credentials?
        /// From which byte on, where the validator still holds.
        var offset: UInt64 = 0
        /// The ETag or date that the part at hand had.
        var validator: String?
        /// The ETag of what is in the store already.
        var known: String?
        /// The most milliseconds; nil without limit.
        var milliseconds: Int?
        var pace = Pace()
    }

    /// When a server is given up.
    struct Pace: Hashable, Sendable {
        var connectSeconds = 10
        /// Fewer bytes a second than this are too few.
        var leastBytesPerSecond = 1024
        /// For so many seconds a server may be too slow.
        var slowSeconds = 30
    }

    /// What was answered.
    struct Response: Hashable {
        var status = 0
        /// By lower-case names; of headers that occur twice the last one.
        var headers: [String: String] = [:]
        var redirect: String?
        /// The beginning of an error's page.
        var page: [UInt8] = []

        /// The bytes of the whole file; nil where the server doesn't tell.
        var length: UInt64? { headers["content-length"].flatMap { UInt64($0) } }
    }

    /// How it ended.
    enum End {
        case answered(Response)
        /// All addresses that the host has are local ones.
        case refused(LocalAddressRefusal)
        /// libcurl's code and words.
        case failed(CURLcode, String)
        /// The sink's error, or nil where the sink was stopped.
        case stopped(ImageError?)
    }

    private let handle: UnsafeMutableRawPointer
    private let sink: any TransferSink
    private var list: UnsafeMutablePointer<curl_slist>?
    private var connectTo: UnsafeMutablePointer<curl_slist>?
    private var resolve: UnsafeMutablePointer<curl_slist>?
    /// nil where a proxy connects to the server.
    private var allowed: [EndpointRange]?
    private var refusal: LocalAddressRefusal?
    private var errorText = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
    private var response = Response()
    private var hasBegun = false
    private var errorPage: [UInt8] = []
    private var failure: ImageError?

    private static let initialized: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    private init(_ handle: UnsafeMutableRawPointer, _ sink: any TransferSink) {
        self.handle = handle
        self.sink = sink
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(list)
        curl_slist_free_all(connectTo)
        curl_slist_free_all(resolve)
    }

    /// Carries a request out.
    static func perform(_ request: Request, into sink: any TransferSink) -> End {
        guard initialized, let handle = curl_easy_init() else {
            return .failed(CURLE_FAILED_INIT, "no libcurl")
        }
        let transfer = Transfer(handle, sink)
        let code = transfer.setUp(request)
        guard code == CURLE_OK else { return .failed(code, String(cString: curl_easy_strerror(code))) }
        return transfer.run()
    }

    private func run() -> End {
        errorText.withUnsafeMutableBufferPointer { buffer in
            ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, buffer.baseAddress)
            let code = curl_easy_perform(handle)
            ccurl_set_pointer(handle, CURLOPT_ERRORBUFFER, nil)
            if let failure { return .stopped(failure) }
            if sink.isStopped { return .stopped(nil) }
            // Where another address of the host could be tried, libcurl did.
            if code == CURLE_COULDNT_CONNECT, let refusal { return .refused(refusal) }
            if code == CURLE_OK || code == CURLE_WRITE_ERROR && !Self.isBody(response.status) {
                return finish()
            }
            let text = buffer.baseAddress.map { String(cString: $0) } ?? ""
            return .failed(code, text.isEmpty ? String(cString: curl_easy_strerror(code)) : text)
        }
    }

    private func finish() -> End {
        var next: UnsafeMutablePointer<CChar>?
        if ccurl_get_string(handle, CURLINFO_REDIRECT_URL, &next) == CURLE_OK, let next {
            response.redirect = String(cString: next)
        }
        if Self.isBody(response.status), !hasBegun {
            do throws(ImageError) { try sink.begin(response) } catch { return .stopped(error) }
        }
        response.page = errorPage
        return .answered(response)
    }

    private static func isBody(_ status: Int) -> Bool { status == 200 || status == 206 }

    // MARK: what libcurl calls

    fileprivate func header(_ bytes: UnsafeRawBufferPointer) {
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            response = Response(
                status: line.split(separator: " ").dropFirst().first.flatMap { Int($0.prefix(3)) } ?? 0
            )
            return
        }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].split(whereSeparator: \.isWhitespace)
        response.headers[line[..<colon].lowercased()] = value.joined(separator: " ")
    }

    fileprivate func body(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard Self.isBody(response.status) else {
            // An error's page: it is not read to its end.
            errorPage += bytes.prefix(Self.mostErrorBytes - errorPage.count)
            return errorPage.count < Self.mostErrorBytes
        }
        do throws(ImageError) {
            if !hasBegun {
                hasBegun = true
                try sink.begin(response)
            }
            try sink.take(bytes)
            return true
        } catch {
            failure = error
            return false
        }
    }

    /// Opens a socket to an address, or -1 where it may not be connected to: libcurl then tries the host's next one.
    fileprivate func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        if let allowed {
            let raw = ccurl_address(address)
            guard let host = IPAddress(socketAddress: raw), let port = Self.port(raw) else { return -1 }
            if let refusal = LocalAddressRefusal(host, port: port, allowed: allowed) {
                self.refusal = refusal
                return -1
            }
        }
        let kind = address.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue)
        return socket(address.pointee.family, kind, address.pointee.protocol)
    }

    private static func port(_ address: UnsafePointer<sockaddr>?) -> UInt16? {
        // sin_port and sin6_port are in the same place.
        address.map { UInt16(bigEndian: UnsafeRawPointer($0).loadUnaligned(as: sockaddr_in.self).sin_port) }
    }

    fileprivate var isStopped: Bool { sink.isStopped }

    private static let mostErrorBytes = 1 << 14
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer? {
    context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
}

extension Transfer {
    /// Sets all options; the first that fails ends it.
    fileprivate func setUp(_ request: Request) -> CURLcode {
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_data_function(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            let buffer = UnsafeRawBufferPointer(start: bytes, count: size * count)
            return transfer(context)?.body(buffer) == true ? buffer.count : 0
        }
        ccurl_set_data_function(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            let buffer = UnsafeRawBufferPointer(start: bytes, count: size * count)
            transfer(context)?.header(buffer)
            return buffer.count
        }
        ccurl_set_progress_function(handle) { context, _, _, _, _ in
            transfer(context)?.isStopped == false ? 0 : 1
        }
        ccurl_set_socket_function(handle) { context, _, address in
            guard let address else { return -1 }
            return transfer(context)?.open(address) ?? -1
        }
        for option in [
            CURLOPT_WRITEDATA, CURLOPT_HEADERDATA, CURLOPT_XFERINFODATA, CURLOPT_OPENSOCKETDATA,
        ] {
            ccurl_set_pointer(handle, option, context)
        }
        var code = setLimits(request)
        if code == CURLE_OK { code = setTarget(request) }
        if code == CURLE_OK { code = setTrust(request.profile) }
        if code == CURLE_OK { code = setCredentials(request.credentials) }
        return code
    }

    private func setLimits(_ request: Request) -> CURLcode {
        var longs: [(CURLoption, Int)] = [
            (CURLOPT_NOSIGNAL, 1), (CURLOPT_NOPROGRESS, 0), (CURLOPT_FOLLOWLOCATION, 0),
            (CURLOPT_SUPPRESS_CONNECT_HEADERS, 1), (CURLOPT_BUFFERSIZE, 256 << 10),
            // A name server that does not answer must not be waited for when the time to connect is over.
            (CURLOPT_QUICK_EXIT, 1),
            (CURLOPT_CONNECTTIMEOUT, request.pace.connectSeconds),
            (CURLOPT_LOW_SPEED_LIMIT, request.pace.leastBytesPerSecond),
            (CURLOPT_LOW_SPEED_TIME, request.pace.slowSeconds),
        ]
        if let milliseconds = request.milliseconds {
            longs.append((CURLOPT_TIMEOUT_MS, max(1, milliseconds)))
        }
        for (option, value) in longs {
            let code = ccurl_set_long(handle, option, value)
            guard code == CURLE_OK else { return code }
        }
        return ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
    }

    private func setTarget(_ request: Request) -> CURLcode {
        let (url, profile) = (request.url, request.profile)
        var text = url.text
        var headers = ["Accept: */*", "Accept-Encoding: identity"]
        allowed = request.proxy == nil ? request.allowed : nil
        if let name = profile.serverName, url.scheme == "https", let renamed = url.replacing(host: name) {
            // The server's certificate is for another name: libcurl is told that name, and where it really is.
            text = renamed
            let isStandard = url.port == 443
            headers.append("Host: \(url.host)\(isStandard ? "" : ":\(url.port)")")
            connectTo = curl_slist_append(nil, "\(name):\(url.port):\(url.host):\(url.port)")
            ccurl_set_list(handle, CURLOPT_CONNECT_TO, connectTo)
        }
        if request.offset > 0, let validator = request.validator {
            headers.append("If-Range: \(validator)")
            ccurl_set_string(handle, CURLOPT_RANGE, "\(request.offset)-")
        } else if let known = request.known {
            headers.append("If-None-Match: \(known)")
        }
        for header in headers { list = curl_slist_append(list, header) }
        ccurl_set_list(handle, CURLOPT_HTTPHEADER, list)
        ccurl_set_string(handle, CURLOPT_USERAGENT, "contrail-vm")
        // Empty ones keep libcurl from choosing by the environment.
        ccurl_set_string(handle, CURLOPT_NOPROXY, "")
        let code = ccurl_set_string(handle, CURLOPT_PROXY, request.proxy ?? "")
        guard code == CURLE_OK else { return code }
        if !request.pinned.isEmpty {
            let addresses = request.pinned.map { $0.family == .v6 ? "[\($0.text)]" : $0.text }
            resolve = curl_slist_append(
                nil,
                "\(url.host):\(url.port):\(addresses.joined(separator: ","))"
            )
            ccurl_set_list(handle, CURLOPT_RESOLVE, resolve)
        }
        return ccurl_set_string(handle, CURLOPT_URL, text)
    }

    private func setTrust(_ profile: TransportProfile) -> CURLcode {
        if profile.isInsecure {
            ccurl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 0)
            ccurl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 0)
        }
        var blobs: [(CURLoption, String)] = []
        if !profile.authorities.isEmpty {
            // The system's authorities stay: they are in a folder, which this does not replace.
            ccurl_set_string(handle, CURLOPT_CAPATH, "/etc/ssl/certs")
            blobs.append((CURLOPT_CAINFO_BLOB, profile.authorities.joined(separator: "\n")))
        }
        if let client = profile.client {
            blobs.append((CURLOPT_SSLCERT_BLOB, client.certificate))
            blobs.append((CURLOPT_SSLKEY_BLOB, client.key))
        }
        for (option, text) in blobs {
            let code = ccurl_set_blob(handle, option, text, text.utf8.count)
            guard code == CURLE_OK else { return code }
        }
        return CURLE_OK
    }

    private func setCredentials(_ credentials: Credentials?) -> CURLcode {
        switch credentials {
        case nil: return CURLE_OK
        case .basic(let user, let password):
            ccurl_set_long(handle, CURLOPT_HTTPAUTH, 1)
            ccurl_set_string(handle, CURLOPT_USERNAME, user)
            return ccurl_set_string(handle, CURLOPT_PASSWORD, password)
        case .bearer(let token):
            ccurl_set_long(handle, CURLOPT_HTTPAUTH, 1 << 6)
            return ccurl_set_string(handle, CURLOPT_XOAUTH2_BEARER, token)
        }
    }
}
