using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace OrleansCache;

/// <summary>What the silo writes as JSON, by generated code.</summary>
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(ExplainBody))]
[JsonSerializable(typeof(ReadinessBody))]
[JsonSerializable(typeof(DashboardBody))]
[JsonSerializable(typeof(EventBody[]))]
[JsonSerializable(typeof(EventResultBody[]))]
[JsonSerializable(typeof(ManyBody))]
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
internal sealed partial class HttpJson : JsonSerializerContext
{
    /// <summary>Quotes and letters beyond ASCII as they are: these answers are never part of a page.</summary>
    public static HttpJson Plain { get; } = new(new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
