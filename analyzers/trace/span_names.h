#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace casebook {

/// The words of a span name in lower case: "HikariDataSource.getConnection" -> hikari data source get connection.
std::vector<std::string> name_words(std::string_view name);

/// Waiting for a pooled connection: pg-pool.connect, HikariDataSource.getConnection, generic-pool.acquire, "acquire
/// connection", prisma:engine:connection. Thread pools and locks are not.
bool names_acquire(std::string_view name);

/// Opening a connection itself: pg.connect, mysql.connect, tcp.connect.
bool names_connect(std::string_view name);

/// BEGIN, COMMIT, SET and the like: holds or ends a transaction or sets up the session, reads and writes no rows.
bool is_transaction_verb(std::string_view verb);

/// The same for the name of a database span without text: "COMMIT", "pg.query:BEGIN shop", "sql.tx.commit".
bool names_transaction(std::string_view name);

}  // namespace casebook
