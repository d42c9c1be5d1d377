namespace OrleansCache.Engine;

/// <summary>An exception as it travels.</summary>
[GenerateSerializer]
internal sealed record ErrorImage(
    [property: Id(0)] string? Type, [property: Id(1)] string? Name, [property: Id(2)] string? Message, [property: Id(3)] string? Stack,
    [property: Id(4)] ErrorImage? Cause, [property: Id(5)] string? Parameter, [property: Id(6)] string? StoredEtag, [property: Id(7)] string? CurrentEtag);

/// <summary>Exceptions are made anew at the caller: as the same type where that is known there and can be made of a message,
/// else as an <see cref="OrleansException"/> that says it all.</summary>
internal static class ExceptionCodec
{
    private const int MaxCauses = 8;

    public static void Write(MessageWriter writer, Exception error) => Codecs<ErrorImage>.Instance.Write(writer, 0, ToImage(error, MaxCauses)!);

    public static Exception Read(ref MessageReader reader) => reader.NextField(out _, out var wire) && Codecs<ErrorImage>.Instance.Read(ref reader, wire) is { } image
        ? FromImage(image) : throw reader.Malformed("an error");

    private static ErrorImage? ToImage(Exception? error, int depth) => error is null || depth == 0 ? null : new(
        error.GetType().AssemblyQualifiedName, error.GetType().FullName, RawMessage(error) ?? error.Message, error.StackTrace, ToImage(error.InnerException, depth - 1),
        (error as ArgumentException)?.ParamName, (error as InconsistentStateException)?.StoredEtag, (error as InconsistentStateException)?.CurrentEtag);

    private static Exception FromImage(ErrorImage image)
    {
        var cause = image.Cause is null ? null : FromImage(image.Cause);
        var type = image.Type is null ? null : Find(image.Type);
        var made = type == typeof(InconsistentStateException) ? new InconsistentStateException(image.Message ?? "", image.StoredEtag, image.CurrentEtag, cause)
            : type is null ? null : Make(type, image.Message ?? "", image.Parameter, cause);
        made ??= new OrleansException($"{image.Name}: {image.Message}", cause!);
        return image.Stack is null ? made : ExceptionDispatchInfo.SetRemoteStackTrace(made, $"{image.Stack}{Environment.NewLine}--- in another process ---");
    }

    private static Exception? Make(Type type, string message, string? parameter, Exception? cause)
    {
        try
        {
            if (typeof(ArgumentException).IsAssignableFrom(type) && parameter is not null)
                return Of([typeof(string), typeof(string)], type == typeof(ArgumentException) ? [message, parameter] : [parameter, message]) ?? new ArgumentException(message, parameter);
            return Of([typeof(string), typeof(Exception)], [message, cause]) ?? Of([typeof(string)], [message]) ?? Of([], []);
        }
        catch (Exception error) when (error is MemberAccessException or TargetInvocationException)
        {
            return null;
        }

        Exception? Of(Type[] types, object?[] arguments) =>
            type.GetConstructor(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance, types)?.Invoke(arguments) as Exception;
    }

    /// <summary>Only types of assemblies that are loaded: a message loads no code.</summary>
    private static Type? Find(string name)
    {
        try
        {
            var type = Type.GetType(name, assembly => AppDomain.CurrentDomain.GetAssemblies().FirstOrDefault(a => a.GetName().Name == assembly.Name), typeResolver: null, throwOnError: false);
            return type is { IsAbstract: false, ContainsGenericParameters: false } && typeof(Exception).IsAssignableFrom(type) ? type : null;
        }
        catch (Exception error) when (error is ArgumentException or TypeLoadException or IOException or BadImageFormatException)
        {
            return null;
        }
    }

    /// <summary>Without what the type itself appends, such as a parameter's name.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Field, Name = "_message")]
    private static extern ref string? RawMessage(Exception error);
}
