// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import ImageFormats
import Testing

@testable import Images

@Suite struct DownloadURLTests {
    @Test func `user and password are taken out`() throws {
        let url = try DownloadURL("https://us%40er:p%3Ass@Example.com/a/b?token=x#f")
        #expect(url.text == "https://Example.com/a/b?token=x")
        #expect(url.host == "example.com")
        #expect(url.port == 443)
        #expect(url.credentials == .basic(user: "us@er", password: "p:ss"))
        #expect("\(url)" == "https://Example.com/a/b?…")
    }

    @Test(arguments: [
        "ftp://a/b", "file:///etc/shadow", "a/b", "", "https://", "https://a b/", "https://a/\n",
        "gopher://x",
        "https://a:99999/", "https://a:b@c:d@e/ü", "scp://a",
    ])
    func `other URLs are refused`(text: String) {
        #expect(throws: ImageError.self) { try DownloadURL(text) }
    }

    @Test(arguments: [
        ("https://host/a b", "https://host/a b", "a space at character 15", "Write %20"),
        (
            "https://host/\(String(repeating: "x", count: 300)) y/z", "xx y/z", "a space at character 314",
            "Write %20"
        ),
        ("https://host/ü", "https://host/ü", "\"ü\" at character 14", "Write %C3%BC"),
        ("https://host/a\n", "https://host/a\\u{a}", "a line feed at character 15", "Take it out"),
        ("https://user:secret@host/a b", "https://…@host/a b", "a space", "Write %20"),
        ("https://host/a?secret=x y", "https://host/a?…", "a space at character 24", "Write %20"),
        (
            "https://host/\(String(repeating: "x", count: 5000))", "https://host/xxx",
            "it has 5013 bytes; 4096", ""
        ),
        ("https://host:99999/x", "https://host:99999/x", "its port is not a number from 0 to 65535", ""),
        ("ftp://host/x", "ftp://host/x", "its scheme is ftp; http and https are known", ""),
        ("host/x", "host/x", "it has no scheme", "Begin it with https://"),
        ("", "the URL", "it is empty", ""),
        ("https://", "https://", "it has no host", ""),
    ])
    func `an error names and shows the one thing that is wrong`(
        text: String,
        shown: String,
        cause: String,
        advice: String
    ) {
        do throws(ImageError) {
            _ = try DownloadURL(text)
            Issue.record("it was taken")
        } catch {
            #expect(error.operation.contains(shown), "\(error)")
            #expect(error.cause.contains(cause), "\(error)")
            #expect(advice.isEmpty || error.advice?.contains(advice) == true, "\(error)")
            #expect(!error.description.contains("secret"))
        }
    }

    @Test func `a refused URL is told without its password`() {
        for text in [
            "ftp://user:secret@host/x?secret", "https://user:secret@host:99999/x?secret", "user:secret@host",
            "https://user:se/cret secret@host/x", "https://us er:secret@host/x",
        ] {
            do throws(ImageError) {
                _ = try DownloadURL(text)
                Issue.record("it was taken")
            } catch {
                #expect(!error.description.contains("secret"))
                #expect(error.description.contains("host"))
            }
        }
    }

    @Test func `where a secret begins is not guessed`() {
        for text in ["https://host:x?secret@host secret", "https://a?secret@b/secret x"] {
            #expect(!DownloadURL.withoutSecrets(text, at: text.count - 1).contains("secret"))
        }
    }

    @Test(arguments: [
        ("https://a/x", "https://a/y", true), ("https://a/x", "https://A:443/x", true),
        ("https://a/x", "http://a/x", false), ("https://a/x", "https://b/x", false),
        ("https://a/x", "https://a:444/x", false), ("https://a/x", "https://a.b/x", false),
    ])
    func `an origin is scheme, host and port`(left: String, right: String, isSame: Bool) throws {
        let (one, other) = try (DownloadURL(left), DownloadURL(right))
        #expect(one.isSameOrigin(as: other) == isSame)
    }

    @Test func `CRI's credentials are read in their order`() throws {
        let none = try Credentials.fromCRI()
        #expect(none == nil)
        let pair = try Credentials.fromCRI(username: "u", password: "p")
        #expect(pair == .basic(user: "u", password: "p"))
        let auth = try Credentials.fromCRI(auth: "dTpwOnE=")
        #expect(auth == .basic(user: "u", password: "p:q"))
        let token = try Credentials.fromCRI(
            username: "u",
            password: "p",
            identityToken: "i",
            registryToken: "r"
        )
        #expect(token == .bearer("r"))
    }

    @Test func `credentials that would break out of their header are refused`() {
        #expect(throws: ImageError.self) { try Credentials.fromCRI(registryToken: "a\r\nX: y") }
        #expect(throws: ImageError.self) { try Credentials.fromCRI(username: "a\n", password: "b") }
        #expect(throws: ImageError.self) { try Credentials.fromCRI(username: "a:b", password: "c") }
        #expect(throws: ImageError.self) { try Credentials.fromCRI(auth: "!") }
        #expect(throws: ImageError.self) { try Credentials.fromCRI(auth: "dQ==") }
    }

    @Test func `credentials are never shown`() throws {
        let values: [Any] = [
            Credentials.basic(user: "us", password: "secret"), Credentials.bearer("secret"),
            ClientCertificate(certificate: "c", key: "secret"),
        ]
        for value in values {
            var dumped = ""
            dump(value, to: &dumped)
            #expect(!"\(value)\(String(reflecting: value))\(dumped)".contains("secret"))
        }
    }
}
