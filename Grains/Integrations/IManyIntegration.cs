namespace OrleansCache;

/// <summary>An integration in code that answers many calls of a method by one. A method's <see cref="MethodOptions.Many"/> says how many.</summary>
public interface IManyIntegration : IIntegration
{
    /// <summary>Makes one attempt for all. What it throws counts as a failed call and is retried; so are answers that have all failed.</summary>
    /// <param name="request">What is asked.</param>
    /// <param name="cancellationToken">Ends with the attempt's timeout.</param>
    /// <returns>An answer to each, in the order of <see cref="IntegrationManyRequest.Arguments"/>.</returns>
    ValueTask<IReadOnlyList<IntegrationResponse>> CallManyAsync(IntegrationManyRequest request, CancellationToken cancellationToken);
}

/// <summary>One attempt of a call for many keys.</summary>
public sealed class IntegrationManyRequest
{
    /// <summary>The integration's name.</summary>
    public required string Integration { get; init; }

    /// <summary>The method's name.</summary>
    public required string Method { get; init; }

    /// <summary>The arguments of each key, by name.</summary>
    public required IReadOnlyList<IReadOnlyDictionary<string, string?>> Arguments { get; init; }

    /// <inheritdoc cref="IntegrationRequest.BearerToken"/>
    public string? BearerToken { get; init; }

    internal PermitSlip? Permit { get; init; }

    /// <inheritdoc cref="IntegrationRequest.EnsurePermitAsync"/>
    public ValueTask EnsurePermitAsync() => Permit?.EnsureFreshAsync() ?? default;
}
