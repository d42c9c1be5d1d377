using System.Text.Json.Serialization;

namespace OrleansCache.Samples.Lab;

/// <summary>A client of the shop, as it is looked up.</summary>
internal sealed record User(int Id, string Login, string Name, string Email);

/// <summary>What may be changed of one.</summary>
internal sealed record UserChange(string Name);

/// <summary>The answer of RFC 6749, section 5.1.</summary>
internal sealed record Token(
    [property: JsonPropertyName("access_token")] string AccessToken, [property: JsonPropertyName("token_type")] string TokenType, [property: JsonPropertyName("expires_in")] int ExpiresIn);

[JsonSourceGenerationOptions(System.Text.Json.JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(User)), JsonSerializable(typeof(UserChange)), JsonSerializable(typeof(Token))]
internal sealed partial class LabJson : JsonSerializerContext;

/// <summary>What the bare endpoint gives: as long as a user is.</summary>
internal static class BareUser
{
    public static byte[] Json { get; } = """{"id":50000,"login":"user-50000","name":"Name of user 50000","email":"user-50000@lab.example"}"""u8.ToArray();
}
