namespace OrleansCache.Engine;

/// <summary>Marks a public type that Orleans does not have: for hosting and generated code. All others are compared with the official assemblies.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Interface | AttributeTargets.Enum)]
internal sealed class BuiltinOnlyAttribute : Attribute;
