// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageFormats
import TestSupport
import Testing

@testable import Images

@Suite struct ServerAnswerTests {
    private func answer(_ status: Int, _ page: String, url: String = "https://host/x") throws -> ServerAnswer
    {
        var response = Transfer.Response(status: status)
        response.page = Array(page.utf8)
        // 2026-01-31T12:00:00Z
        return ServerAnswer(response, try DownloadURL(url), now: Date(timeIntervalSince1970: 1_769_860_800))
    }

    @Test(arguments: [
        (404, "", "the server answers 404 (Not Found)"), (599, "", "the server answers 599"),
        (
            500, #"{"error":{"code":7,"message":"no disk"}}"#,
            #"the server answers 500 (Internal Server Error): "no disk""#
        ),
        (400, #"{"errors":[{"code":"NAME","detail":{"x":1},"message":"bad name"}]}"#, #": "bad name""#),
        (
            403,
            "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access\nDenied</Message></Error>",
            #": "Access Denied""#
        ),
        (404, "<html><head><title>Gone away</title></head></html>", #": "Gone away""#),
        (404, "no such file\n", #": "no such file""#), (404, "<html>", "the server answers 404 (Not Found)"),
        (404, "\u{1b}[31mred", #": "\u{1b}[31mred""#), (404, String(repeating: "x", count: 400), #"xx…""#),
        (404, "{", "the server answers 404 (Not Found)"),
    ])
    func `what a server's page says is told`(status: Int, page: String, words: String) throws {
        #expect(try answer(status, page).cause.hasSuffix(words))
    }

    @Test(arguments: [
        "X-Amz-Date=20260131T100000Z&X-Amz-Expires=3600&X-Amz-Signature=0f",
        "X-Goog-Date=20260131T100000Z&X-Goog-Expires=3600&X-Goog-Signature=0f",
        "AWSAccessKeyId=a&Expires=1769857200&Signature=b%2Bc%3D", "se=2026-01-31T11%3A00%3A00Z&sp=r&sig=abc",
    ])
    func `a signed URL that is too old is named, and no credentials are`(query: String) throws {
        let refused = try answer(
            403,
            "<Error><Message>Request has expired</Message></Error>",
            url: "https://host/x?\(query)"
        )
        #expect(
            refused.cause
                == "the server answers 403 (Forbidden): the URL's signature expired at 2026-01-31T11:00:00Z"
        )
        #expect(refused.signatureAdvice?.contains("Sign the URL anew") == true)
    }

    @Test func `a signature that still holds is refused for the server's own reason`() throws {
        let url = "https://host/x?Expires=1769864400&Signature=b"
        #expect(try answer(403, "signature mismatch", url: url).cause.hasSuffix(#": "signature mismatch""#))
        #expect(try answer(403, "").signatureAdvice == nil)
        #expect(try answer(401, "", url: url).signatureAdvice == nil)
    }

    @Test func `a page that repeats the query is not told`() throws {
        let url = "https://host/x?token=secret"
        #expect(try !answer(404, "no /x?token=secret here", url: url).cause.contains("secret"))
    }

    @Test(arguments: [
        "", "identity", "Identity", " IDENTITY ", "none", "binary", "utf-8", "UTF-8", "aws-chunked",
        "identity, identity",
        ",", "8bit",
    ])
    func `encodings that mean as it is are taken`(header: String) {
        #expect(ContentEncoding.real(header) == nil)
    }

    @Test(arguments: [
        ("gzip", "gzip"), ("identity, gzip", "gzip"), ("br", "br"), ("aws-chunked,zstd", "zstd"),
        ("x-gzip", "x-gzip"),
    ])
    func `others are not`(header: String, real: String) { #expect(ContentEncoding.real(header) == real) }
}

/// The server is a script of ours on the loopback.
@Suite struct ServerAnswerStandInTests {
    private let lab: ImageLab

    init() throws { lab = try ImageLab() }

    private func failure(_ path: String) async throws -> ImageError {
        let store = try lab.store()
        let name = try lab.translate("http://127.0.0.1:\(lab.port)/\(path)")
        return await lab.failure { try await ImagePuller(store).pull(name) }
    }

    @Test func `an image that is sent as it is is taken`() async throws {
        let digest = try lab.image("x")
        for word in ["Identity", "none", "binary", "utf-8", "aws-chunked", "identity%2C%20identity"] {
            let image = try await ImagePuller(lab.store()).pull(
                lab.translate("http://127.0.0.1:\(lab.port)/encoding/\(word)/x")
            )
            #expect(image.digest == digest)
        }
    }

    @Test func `a 403 for a signed URL is not blamed on credentials`() async throws {
        _ = try lab.scratch.file("www/page", "<Error><Message>Request has expired</Message></Error>")
        let error = try await failure("status/403/page?Expires=1000000000&Signature=secret")
        #expect(
            error.cause
                == "the server answers 403 (Forbidden): the URL's signature expired at 2001-09-09T01:46:40Z"
        )
        #expect(error.advice?.contains("Sign the URL anew") == true)
        #expect(!error.description.contains("redential"))
        #expect(!error.description.contains("secret"))
    }

    @Test func `a page that is sent with 200 is named`() async throws {
        let pages = [
            #"{"error":"no such image"}"#:
                #"a JSON document, no disk image: it begins with "{"error":"no such image"}""#,
            "<!-- served by x -->\n<!DOCTYPE html><html></html>": "a web page", "not found": "a text",
        ]
        for (page, words) in pages {
            _ = try lab.scratch.file("www/page", page)
            let error = try await failure("ok/page")
            #expect(error.code == .refused)
            #expect(error.cause.contains(words), "\(error)")
            #expect(error.advice?.contains("page or an error") == true)
        }
    }

    @Test func `a raw body without a length that was cut is refused`() async throws {
        try await TestProgram.runAside(
            [
                "/bin/sh", "-ec",
                "truncate -s 16M \(lab.scratch.path)/www/disk; echo ';' | /usr/sbin/sfdisk -q \(lab.scratch.path)/www/disk",
            ]
        )
        let error = try await failure("nolength/8388608/disk")
        #expect(error.code == .refused)
        #expect(
            error.cause.contains(
                "cut short: it has 8388608 bytes, and its partition table speaks of 16777216"
            ),
            "\(error)"
        )
        let store = try lab.store()
        let name = try lab.translate("http://127.0.0.1:\(lab.port)/nolength/16777216/disk")
        #expect(try await ImagePuller(store).pull(name).size == 16 << 20)
    }

    @Test func `the host that failed behind a redirect is named`() async throws {
        try lab.image("x")
        for (there, code, words) in [
            (
                "http://127.0.0.1:1/y", ImageError.Code.unreachable,
                "redirected to http://127.0.0.1:1/y, where "
            ),
            (
                "http://localhost:\(lab.port)/ok/none", .absent,
                "redirected to http://localhost:\(lab.port)/ok/none, where the server answers 404"
            ),
            (
                "http://localhost:\(lab.port)/basic/ok/x", .unauthorized,
                "redirected to http://localhost:\(lab.port)/basic/ok/x, where the server answers 401"
            ),
            (
                "http://nowhere.invalid/y?token=geheim", .unreachable,
                "redirected to http://nowhere.invalid/y?…, where "
            ),
        ] {
            let error = try await failure("to/\(lab.encoded(there))")
            #expect(error.code == code)
            #expect(error.cause.contains(words), "\(error)")
            #expect(!error.description.contains("geheim"))
        }
    }
}
