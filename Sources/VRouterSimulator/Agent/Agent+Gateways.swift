// SPDX-FileCopyrightText: The contrail-vm authors
// SPDX-License-Identifier: Apache-2.0

/// /gateway: checked, and without effect.
extension Agent {
    func addGateway(_ body: Bytes) throws(AgentError) {
        guard case .array(let elements) = try parse(body) else {
            throw AgentError("Unexpected Json string (not an array) ==> ", echo: body)
        }
        for element in elements {
            guard case .object = element else {
                throw AgentError("Json Array has invalid element ==> ", echo: body)
            }
            guard let member = Self.missingMember(of: element) else { continue }
            throw AgentError(
                "Json string does not have all required members, \(member) is missing ==> ",
                echo: body
            )
        }
    }

    func deleteGateway(_ body: Bytes) throws(AgentError) {
        guard case .array(let elements) = try parse(body) else { throw AgentError("") }
        for element in elements {
            guard element["interface"]?.cString != nil else { throw AgentError("") }
        }
    }

    private static func missingMember(of gateway: AgentJSON) -> String? {
        for name in ["interface", "routing-instance"] where gateway[name]?.cString == nil { return name }
        for name in ["subnets", "routes"] {
            guard case .array(let prefixes) = gateway[name] else { return name }
            guard prefixes.allSatisfy(isPrefix) else { return "\(name) value" }
        }
        return nil
    }

    private static func isPrefix(_ value: AgentJSON) -> Bool {
        value["ip-address"]?.cString.flatMap(IPv4.init) != nil && value["prefix-len"]?.integer != nil
    }
}
