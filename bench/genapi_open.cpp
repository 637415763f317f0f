// How long opening a camera's description takes: 1 MB of XML made of the kinds of nodes real files
// have most of, plain.
#include "drivers/genapi/description.h"

#include <benchmark/benchmark.h>

#include <string>

namespace {

std::string description_of(std::size_t bytes) {
    std::string nodes;
    for (int i = 0; nodes.size() < bytes; ++i) {
        const std::string n = std::to_string(i);
        nodes += "<Integer Name=\"Feature" + n + "\" NameSpace=\"Standard\"><ToolTip>A feature." +
                 "</ToolTip><DisplayName>Feature " + n + "</DisplayName><Visibility>Expert" +
                 "</Visibility><pIsLocked>TLParamsLocked</pIsLocked><pValue>Register" + n +
                 "</pValue><Min>0</Min><pMax>Knife" + n + "</pMax><Inc>4</Inc></Integer>\n" +
                 "<IntReg Name=\"Register" + n + "\" NameSpace=\"Custom\"><Address>0x" + n +
                 "</Address><Length>4</Length><AccessMode>RW</AccessMode><pPort>Device</pPort>" +
                 "<pInvalidator>Feature" + n + "</pInvalidator><Sign>Unsigned</Sign>" +
                 "<Endianess>BigEndian</Endianess></IntReg>\n<IntSwissKnife Name=\"Knife" + n +
                 "\"><pVariable Name=\"A\">Register" + n + "</pVariable><Formula>(A &lt; 16) ? " +
                 "4096 : (A &gt;&gt; 4) * 256</Formula></IntSwissKnife>\n<Enumeration Name=\"Mode" +
                 n + "\"><EnumEntry Name=\"Off\"><Value>0</Value></EnumEntry><EnumEntry " +
                 "Name=\"On\"><Value>1</Value></EnumEntry><pValue>Register" + n +
                 "</pValue></Enumeration>\n";
    }
    return "<RegisterDescription ModelName=\"M\">" + nodes +
           "<Port Name=\"Device\"/></RegisterDescription>";
}

void open_description(benchmark::State& state) {
    const std::string xml = description_of(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        const opal::drivers::genapi::Description description(xml);
        benchmark::DoNotOptimize(description.nodes().size());
    }
    state.counters["bytes"] = static_cast<double>(xml.size());
}
BENCHMARK(open_description)->Arg(100'000)->Arg(1'000'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
