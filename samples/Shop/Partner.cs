using System.Net;

namespace OrleansCache.Samples.Shop;

/// <summary>The partner's orders, called by the shop itself.</summary>
internal sealed class Partner(HttpClient http)
{
    /// <summary>Null when the partner has no such order.</summary>
    public async ValueTask<Order?> OrderAsync(string id, CancellationToken cancellationToken)
    {
        using var response = await http.GetAsync(new Uri($"orders/{Uri.EscapeDataString(id)}", UriKind.Relative), cancellationToken);
        if (response.StatusCode is HttpStatusCode.NotFound)
            return null;
        response.EnsureSuccessStatusCode();
        return await response.Content.ReadFromJsonAsync<Order>(cancellationToken);
    }

    public async Task SetStatusAsync(string id, string status, CancellationToken cancellationToken)
    {
        using var response = await http.PutAsJsonAsync(new Uri($"orders/{Uri.EscapeDataString(id)}", UriKind.Relative), new { status }, cancellationToken);
        response.EnsureSuccessStatusCode();
    }
}

internal sealed record Order(string Id, string User, string Status, string Currency, decimal Total, long Version);

internal sealed record Country(string Code, string EnglishName, Money Currency);

internal sealed record Money(string Code, string Symbol, string EnglishName, int DecimalDigits);
