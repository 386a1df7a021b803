#include <doctest/doctest.h>

#include "executor-service/keys/vault_key.hpp"
#include "tests/executor-service/api/api_fixture.hpp"
#include "tests/support/keypairs.hpp"

namespace landfall::executor::api {

using landfall::tests::keypair;
namespace {

TEST_SUITE("vaults") {
  TEST_CASE("a vault is registered once and stays the same") {
    api_fixture api;
    const auto wallet = keypair(1).public_key();
    const auto missing = api.as(wallet, "GET", "/vault");
    CHECK(missing.status == 404);
    const auto made = api.as(wallet, "GET", "/vault/register");
    REQUIRE(made.status == 201);
    CHECK(made.text("userPubkey") == wallet.to_string());
    CHECK(made.text("vaultPubkey") == vault_keypair(api.master->bytes(), wallet).public_key().to_string());
    const auto again = api.as(wallet, "GET", "/vault/register");
    CHECK(again.status == 409);
    const auto* details = json::find(again.json, "details");
    CHECK(json::as_string(json::find(details, "vaultPubkey")) == made.text("vaultPubkey"));
    const auto shown = api.as(wallet, "GET", "/vault");
    CHECK(shown.status == 200);
    CHECK(shown.text("privyVaultId") == made.text("privyVaultId"));
    CHECK(shown.text("vaultPubkey") == made.text("vaultPubkey"));
    CHECK(api.as(keypair(2).public_key(), "GET", "/vault/register").text("vaultPubkey") != made.text("vaultPubkey"));
  }
}

}  // namespace
}  // namespace landfall::executor::api
