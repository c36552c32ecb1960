// casebook-simulate KIND -o FOLDER [--seed N] [--names 0|1] [--healthy] [--set NAME=VALUE]...
// casebook-simulate shop -o FOLDER [--seed N] [--healthy]      the system of the demo
// Writes the telemetry of a small system in which one mechanism goes wrong, and truth.json. `casebook-simulate list` names the kinds.

#include "analyzers/core/text.h"
#include "tests/simulate/scenario.h"
#include "tests/simulate/shop.h"

#include <exception>
#include <iostream>

int main(int count, char** words)
{
    using namespace casebook::simulate;
    const std::vector<std::string> arguments(words + 1, words + count);
    if (arguments.empty() || arguments[0] == "list") {
        for (const Kind& kind : kinds()) std::cout << kind.name << "  (" << (kind.row.empty() ? "no row" : kind.row) << ", " << kind.cause << ")  " << kind.what << "\n";
        return arguments.empty() ? 2 : 0;
    }
    try {
        Scenario scenario;
        scenario.kind = arguments[0];
        std::filesystem::path folder;
        for (std::size_t i = 1; i < arguments.size(); ++i) {
            const std::string& word = arguments[i];
            if (word == "--healthy") {
                scenario.healthy = true;
                continue;
            }
            if (i + 1 == arguments.size()) throw std::invalid_argument(word + " needs a value");
            const std::string& value = arguments[++i];
            if (word == "-o") folder = value;
            else if (word == "--seed") scenario.seed = std::stoull(value);
            else if (word == "--names") scenario.names = std::stoi(value);
            else if (word == "--set") scenario.settings[value.substr(0, value.find('='))] = std::stod(value.substr(value.find('=') + 1));
            else throw std::invalid_argument("unknown word " + word);
        }
        if (folder.empty()) throw std::invalid_argument("-o FOLDER is missing");
        std::filesystem::create_directories(folder);
        if (scenario.kind == "shop") simulate_shop({.seed = scenario.seed, .healthy = scenario.healthy}, folder);
        else simulate(scenario, folder);
    } catch (const std::exception& error) {
        std::cerr << "casebook-simulate: " << error.what() << "\n";
        return 1;
    }
    return 0;
}
