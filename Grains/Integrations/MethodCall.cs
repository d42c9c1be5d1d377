using System.Runtime.ExceptionServices;

namespace OrleansCache;

/// <summary>One call with its retries: what is asked, and how its last attempt ended.</summary>
internal sealed class MethodCall(IReadOnlyDictionary<string, string?> arguments, bool background, string? eTag, string? lastModified)
{
    private CallOutcome? _last;
    private ExceptionDispatchInfo? _lastException;

    public bool Background => background;

    /// <summary>Whose call it is; null for nobody's.</summary>
    public CallerToken? Caller { get; init; }

    /// <summary>What is sent; default for a call that reads.</summary>
    public WriterCall Write { get; init; }

    /// <summary>The turn in which it is made; null for a call that needs none.</summary>
    public WriterTurn? Turn { get; init; }

    /// <summary>True once an attempt reached the origin and gave nothing that says whether it was done.</summary>
    public bool IsInDoubt { get; private set; }

    /// <summary>The arguments of each key; null for a call that is for one.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, string?>>? Many { get; init; }

    /// <summary>True when no permit was to be had for another attempt.</summary>
    public bool IsGivenUp { get; private set; }

    public CallOutcome Ended(CallOutcome outcome)
    {
        (_last, _lastException) = (outcome, null);
        return outcome;
    }

    public void Doubt() => IsInDoubt = true;

    public void Ended(Exception exception) => _lastException = ExceptionDispatchInfo.Capture(exception);

    /// <summary>No permit for another attempt: how the one before ended tells more than the limiter's refusal.</summary>
    public CallOutcome GiveUp(CallOutcome limited)
    {
        IsGivenUp = true;
        _lastException?.Throw();
        return _last ?? limited;
    }

    public IntegrationManyRequest ManyRequest(string integration, string method, PermitSlip slip) =>
        new() { Integration = integration, Method = method, Arguments = Many!, BearerToken = Caller?.Value, Permit = slip };

    public IntegrationRequest Request(string integration, string method, PermitSlip slip) => new()
    {
        Integration = integration,
        Method = method,
        Arguments = arguments,
        ETag = eTag,
        LastModified = lastModified,
        Body = Write.Body is { } body ? body : null,
        ContentType = Write.ContentType,
        Encoding = Write.Encoding,
        BearerToken = Caller?.Value,
        Permit = slip,
    };
}
