using System.Collections.Immutable;

namespace OrleansCache;

/// <summary>Binds a call's arguments to what its integration declares, or says what is wrong with it.</summary>
internal static class CallBinding
{
    public static CallTarget Bind(IntegrationDescription integration, string method, IReadOnlyDictionary<string, string?> args)
    {
        var known = integration.Methods.FirstOrDefault(m => m.Name == method);
        if (known is null)
            return Wrong("unknown-method", $"The integration '{integration.Name}' has no method '{method}'; it has {List(integration.Methods.Select(static m => m.Name))}.");
        foreach (var parameter in known.Parameters)
        {
            if (!parameter.Optional && !args.ContainsKey(parameter.Name))
                return Wrong("missing-argument", $"The argument '{parameter.Name}' of '{integration.Name}/{method}' is missing; give it.");
        }

        foreach (var name in args.Keys)
        {
            if (!known.Parameters.Any(p => p.Name == name))
                return Wrong("surplus-argument", $"'{integration.Name}/{method}' has no argument '{name}'; it takes {List(known.Parameters.Select(static p => p.Name))}, by exactly these names.");
        }

        try
        {
            var bound = args.Select(static a => new CallArgument(a.Key, a.Value)).OrderBy(static a => a.Name, StringComparer.Ordinal).ToImmutableArray();
            return new(CacheKey.Of(known.Region, ArgumentKey.Of(bound)), null) { Arguments = bound };
        }
        catch (ArgumentException e)
        {
            var said = e.ParamName is { } parameter ? e.Message.Replace($" (Parameter '{parameter}')", "", StringComparison.Ordinal) : e.Message;
            return Wrong("bad-argument", said);
        }
    }

    public static CallTarget UnknownIntegration(string integration, IEnumerable<string> names) =>
        Wrong("unknown-integration", $"There is no integration '{integration}'; there is {List(names)}.");

    private static CallTarget Wrong(string detail, string message) =>
        new(default, new() { Kind = ProblemKind.BadCall, Detail = detail, Message = message });

    private static string List(IEnumerable<string> names) =>
        string.Join(", ", names.Order(StringComparer.Ordinal).Select(static n => $"'{n}'")) is { Length: > 0 } list ? list : "none";
}
