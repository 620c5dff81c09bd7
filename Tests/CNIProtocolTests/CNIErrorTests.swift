// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

import JSON
import Testing

@testable import CNIProtocol

@Suite struct CNIErrorTests {
    /// The reserved codes of the specification, section 5.
    @Test(arguments: [
        (CNIError.Code.incompatibleVersion, 1), (.unsupportedField, 2), (.unknownContainer, 3),
        (.invalidEnvironment, 4), (.io, 5), (.decoding, 6), (.invalidConfiguration, 7),
        (.invalidNamespace, 8),
        (.tryAgainLater, 11), (.notAvailable, 50), (.limitedConnectivity, 51), (.internal, 999),
    ])
    func `each code is printed as the specification numbers it`(code: CNIError.Code, number: Int) {
        let document = CNIError(code, "what \"failed\"\n").json(version: .v100).serialized()
        #expect(
            String(decoding: document, as: UTF8.self)
                == #"{"cniVersion":"1.0.0","code":\#(number),"msg":"what \"failed\"\n"}"#
        )
    }

    @Test func `details are printed where there are some`() {
        let document = CNIError(.io, "a", details: "b").json(version: .v040).serialized()
        #expect(
            String(decoding: document, as: UTF8.self)
                == #"{"cniVersion":"0.4.0","code":5,"msg":"a","details":"b"}"#
        )
    }
}
