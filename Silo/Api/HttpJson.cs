using System.Text.Json.Serialization;

namespace OrleansCache;

/// <summary>What the silo writes as JSON, by generated code.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(ProblemBody))]
[JsonSerializable(typeof(ExplainBody))]
[JsonSerializable(typeof(ReadinessBody))]
[JsonSerializable(typeof(DashboardBody))]
internal sealed partial class HttpJson : JsonSerializerContext;
